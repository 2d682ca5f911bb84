"""Pooling: one value from every window of every channel."""

from derive.catalogue.recipe import Argument, Recipe

_KERNEL = Argument("kernel_size", ("K_h", "K_w"), None, minimum=1, meaning="cells in a window")
_STRIDE = Argument("stride", ("s_h", "s_w"), ("K_h", "K_w"), minimum=1, meaning="cells a window moves")
_PADDING = Argument("padding", ("P_h", "P_w"), 0, meaning="cells added on each side")
_HALF = ("[2*P_h<=K_h]", "[2*P_w<=K_w]")

RECIPES = (
    Recipe(
        name="max_pool2d",
        summary="the largest value of every window",
        law="""
            O[n,c,i,j] = max[p<K_h,q<K_w] X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]
            X[n<N,c<C,h<H,w<W]
            pad X.h by P_h, P_h; pad X.w by P_w, P_w
        """,
        tensors={"X": "input"},
        arguments=(
            _KERNEL,
            _STRIDE,
            _PADDING,
            Argument("dilation", ("d_h", "d_w"), 1, minimum=1, meaning="cells between the cells of a window"),
        ),
        require=_HALF,
        conventions=("ties: the first winner in row-major order takes the whole gradient", "padding never wins"),
        source="torch.nn.functional.max_pool2d",
    ),
    Recipe(
        name="avg_pool2d",
        summary="the average of every window",
        law={
            ("True",): """
                O[n,c,i,j] = (sum[p<K_h,q<K_w] X[n,c,s_h*i+p-P_h,s_w*j+q-P_w])/(K_h*K_w)
                X[n<N,c<C,h<H,w<W]
                pad X.h by P_h, P_h; pad X.w by P_w, P_w
            """,
            ("False",): """
                R[i,j] = sum[p<K_h,q<K_w] [0<=s_h*i+p-P_h<H]*[0<=s_w*j+q-P_w<W]
                O[n,c,i,j] = (sum[p<K_h,q<K_w] X[n,c,s_h*i+p-P_h,s_w*j+q-P_w])/R[i,j]
                X[n<N,c<C,h<H,w<W]
                pad X.h by P_h, P_h; pad X.w by P_w, P_w
            """,
        },
        tensors={"X": "input"},
        arguments=(
            _KERNEL,
            _STRIDE,
            _PADDING,
            Argument("count_include_pad", default="True", choices=("True", "False"), meaning="padding counts as cells"),
        ),
        require=_HALF,
        conventions=("windows stay inside the padded input (ceil_mode=False)",),
        source="torch.nn.functional.avg_pool2d",
    ),
)
