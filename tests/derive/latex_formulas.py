"""Formulas as lecturers really write them, and the notation that each is read as: by operation, "" for none."""

READ: dict[str, list[tuple[str, str]]] = {
    "conv2d": [
        (
            r"\frac{\partial E}{\partial F_{1,1}} = \frac{\partial E}{\partial O_{1,1}} * "
            r"\frac{\partial O_{1,1}}{\partial F_{1,1}} + \frac{\partial E}{\partial O_{1,2}} * "
            r"\frac{\partial O_{1,2}}{\partial F_{1,1}} = \frac{\partial E}{\partial O_{1,1}} * "
            r"x_{1,1} + \frac{\partial E}{\partial O_{1,2}} * x_{1,2}",
            "dE/dF[0,0] = dE/dO[0,0]*d(O[0,0])/dF[0,0] + dE/dO[0,1]*d(O[0,1])/dF[0,0]; dE/dF[0,0] = "
            "dE/dO[0,0]*X[0,0] + dE/dO[0,1]*X[0,1]",
        ),
        (
            r"\begin{bmatrix} \frac{\partial E}{\partial F_{1,1}} & \frac{\partial E}{\partial "
            r"F_{1,2}} \\ \frac{\partial E}{\partial F_{2,1}} & \frac{\partial E}{\partial F_{2,2}} "
            r"\end{bmatrix} = X \circledast \begin{bmatrix} \frac{\partial E}{\partial O_{1,1}} & "
            r"\frac{\partial E}{\partial O_{1,2}} \\ \frac{\partial E}{\partial O_{2,1}} & "
            r"\frac{\partial E}{\partial O_{2,2}} \end{bmatrix}",
            "dE/dF[p,q] = sum[i<2,j<2] X[p+i,q+j]*dE/dO[i,j]",
        ),
        (
            r"\begin{bmatrix} \frac{\partial E}{\partial x_{1,1}} & \frac{\partial E}{\partial "
            r"x_{1,2}} & \frac{\partial E}{\partial x_{1,3}} \\ \frac{\partial E}{\partial x_{2,1}} & "
            r"\frac{\partial E}{\partial x_{2,2}} & \frac{\partial E}{\partial x_{2,3}} \\ "
            r"\frac{\partial E}{\partial x_{1,1}} & \frac{\partial E}{\partial x_{2,2}} & "
            r"\frac{\partial E}{\partial x_{2,3}} \end{bmatrix} = \begin{bmatrix} F_{2,2} & F_{2,1} "
            r"\\ F_{1,2} & F_{1,1} \end{bmatrix} \circledast \begin{bmatrix} \frac{\partial "
            r"E}{\partial O_{1,1}} & \frac{\partial E}{\partial O_{1,2}} \\ \frac{\partial "
            r"E}{\partial O_{2,1}} & \frac{\partial E}{\partial O_{2,2}} \end{bmatrix}",
            "dE/dX[0,0] = sum[p<2,q<2] dE/dO[p-1,q-1]*F[1-p,1-q]; dE/dX[0,1] = sum[p<2,q<2] "
            "dE/dO[p-1,q]*F[1-p,1-q]; dE/dX[0,2] = sum[p<2,q<2] dE/dO[p-1,1+q]*F[1-p,1-q]; "
            "dE/dX[1,0] = sum[p<2,q<2] dE/dO[p,q-1]*F[1-p,1-q]; dE/dX[1,1] = sum[p<2,q<2] "
            "dE/dO[p,q]*F[1-p,1-q]; dE/dX[1,2] = sum[p<2,q<2] dE/dO[p,1+q]*F[1-p,1-q]; dE/dX[0,0] = "
            "sum[p<2,q<2] dE/dO[1+p,q-1]*F[1-p,1-q]; dE/dX[1,1] = sum[p<2,q<2] "
            "dE/dO[1+p,q]*F[1-p,1-q]; dE/dX[1,2] = sum[p<2,q<2] dE/dO[1+p,1+q]*F[1-p,1-q]",
        ),
        (
            r"\begin{bmatrix} \frac{\partial E}{\partial x_{11}} & \frac{\partial E}{\partial x_{12}} "
            r"& \frac{\partial E}{\partial x_{13}} \\ \frac{\partial E}{\partial x_{21}} & "
            r"\frac{\partial E}{\partial x_{22}} & \frac{\partial E}{\partial x_{23}} \\ "
            r"\frac{\partial E}{\partial x_{31}} & \frac{\partial E}{\partial x_{32}} & "
            r"\frac{\partial E}{\partial x_{33}} \end{bmatrix} = \begin{bmatrix} F_{22} & F_{21} \\ "
            r"F_{12} & F_{11} \end{bmatrix} \circledast \begin{bmatrix} \frac{\partial E}{\partial "
            r"O_{11}} & \frac{\partial E}{\partial O_{12}} \\ \frac{\partial E}{\partial O_{21}} & "
            r"\frac{\partial E}{\partial O_{22}} \end{bmatrix}",
            "dE/dX[h,w] = sum[p<2,q<2] dE/dO[h+p-1,w+q-1]*F[1-p,1-q]",
        ),
        (
            r"$$\frac{\partial O_{1,1}}{\partial F_{1,1}} = x_{1,1}, \ \frac{\partial "
            r"O_{1,1}}{\partial F_{1,2}} = x_{1,2}, \ \frac{\partial O_{1,1}}{\partial F_{2,1}} = "
            r"x_{2,1}, \ \frac{\partial O_{1,1}}{\partial F_{2,2}} = x_{2,2}$$",
            "d(O[0,0])/dF[0,0] = X[0,0]; d(O[0,0])/dF[0,1] = X[0,1]; d(O[0,0])/dF[1,0] = X[1,0]; "
            "d(O[0,0])/dF[1,1] = X[1,1]",
        ),
        (
            r"\frac{\partial E}{\partial F} = \frac{\partial E}{\partial O} * \frac{\partial "
            r"O}{\partial F} \tag{1}",
            "dE/dF[k,c,p,q] = sum[n,k1,i,j] dE/dO[n,k1,i,j]*d(O[n,k1,i,j])/dF[k,c,p,q]",
        ),
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \sum_{p=0}^{K_h-1} \sum_{q=0}^{K_w-1} "
            r"\frac{\partial E}{\partial O_{h-p,w-q}} F_{p,q}",
            "dE/dX[h,w] = sum[p<K_h] sum[q<K_w] dE/dO[h-p,w-q]*F[p,q]",
        ),
        (
            r"\frac{\partial L}{\partial X_{mn}} = \sum_{i=1}^{k}\sum_{j=1}^{k} \frac{\partial "
            r"L}{\partial Y_{m-i+1,n-j+1}} K_{ij}",
            "dE/dX[m,n] = sum[i] sum[j] dE/dO[m-i,n-j]*F[i,j]",
        ),
        (
            r"\frac{\partial L}{\partial b_k} = \sum_n \sum_{i,j} \delta_{n,k,i,j}",
            "dE/db[k] = sum[n] sum[i,j] dE/dO[n,k,i,j]",
        ),
        (
            r"\frac{\partial L}{\partial b} = \sum \delta",
            "dE/db[k] = sum[n,i,j] dE/dO[n,k,i,j]",
        ),
        (
            r"\frac{\partial L}{\partial F} = \operatorname{conv}(X, \frac{\partial L}{\partial O})",
            "dE/dF[k,c,p,q] = sum[n,i,j] X[n,c,p+i,q+j]*dE/dO[n,k,i,j]",
        ),
        (
            r"\frac{\partial L}{\partial X} = \operatorname{full}(\frac{\partial L}{\partial O}, "
            r"F^{\text{rot180}})",
            "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p+1-K_h,w+q+1-K_w]*F[k,c,K_h-1-p,K_w-1-q]",
        ),
        (
            r"\frac{\partial L}{\partial X} = \delta *_{\text{full}} \text{rot}_{180}(F)",
            "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p+1-K_h,w+q+1-K_w]*F[k,c,K_h-1-p,K_w-1-q]",
        ),
        (
            r"\delta^{(l)} = \delta^{(l+1)} \ast \operatorname{rot180}(W^{(l+1)})",
            "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p+1-K_h,w+q+1-K_w]*F[k,c,K_h-1-p,K_w-1-q]",
        ),
        (
            r"dE/dF_{k,c,p,q} = \sum_{n,i,j} dE/dO_{n,k,i,j} X_{n,c,s_h i + d_h p - P_h, s_w j + d_w "
            r"q - P_w}",
            "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]",
        ),
        (
            r"∂E/∂F_{p,q} = ∑_{i,j} ∂E/∂O_{i,j} · X_{i+p,j+q}",
            "dE/dF[p,q] = sum[i,j] dE/dO[i,j]*X[i+p,j+q]",
        ),
        (
            r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial O} \circledast F",
            "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p+1-K_h,w+q+1-K_w]*F[k,c,p,q]",
        ),
        (
            r"\frac{\partial E}{\partial W_{a,b}} = \sum_{i=0}^{H-K_h} \sum_{j=0}^{W-K_w} "
            r"\delta_{i,j} x_{i+a,j+b}",
            "dE/dF[a,b] = sum[i<H+1-K_h] sum[j<W+1-K_w] dE/dO[i,j]*X[i+a,j+b]",
        ),
        (
            r"\frac{\partial E}{\partial K} = I \ast \frac{\partial E}{\partial O}",
            "dE/dF[k,c,p,q] = sum[n,i,j] X[n,c,p+i,q+j]*dE/dO[n,k,i,j]",
        ),
        (
            r"\frac{\partial E}{\partial F_{1,1}} = \frac{\partial E}{\partial O_{1,1}} x_{1,1} + "
            r"\frac{\partial E}{\partial O_{1,2}} x_{1,2} + \frac{\partial E}{\partial O_{2,1}} "
            r"x_{2,1} + \frac{\partial E}{\partial O_{2,2}} x_{2,2}",
            "dE/dF[0,0] = dE/dO[0,0]*X[0,0] + dE/dO[0,1]*X[0,1] + dE/dO[1,0]*X[1,0] + dE/dO[1,1]*X[1,1]",
        ),
        (
            r"\frac{\partial E}{\partial F_{11}} = \frac{\partial E}{\partial O_{11}} X_{11} + "
            r"\frac{\partial E}{\partial O_{12}} X_{12}",
            "dE/dF[0,0] = dE/dO[0,0]*X[0,0] + dE/dO[0,1]*X[0,1]",
        ),
        (
            r"\frac{\partial E}{\partial F_{p,q}} = \sum_{i=1}^{H'} \sum_{j=1}^{W'} \frac{\partial "
            r"E}{\partial O_{i,j}} X_{i+p-1,j+q-1}",
            "dE/dF[p,q] = sum[i] sum[j] dE/dO[i,j]*X[i+p,j+q]",
        ),
        (
            r"\frac{\partial E}{\partial F_{m,n}} = \sum_{i=0}^{H-K_h} \sum_{j=0}^{W-K_w} "
            r"\frac{\partial E}{\partial O_{i,j}} X_{i+m,j+n}",
            "dE/dF[m,n] = sum[i<H+1-K_h] sum[j<W+1-K_w] dE/dO[i,j]*X[i+m,j+n]",
        ),
        (
            r"\dfrac{\partial L}{\partial W_{m,n}^{(l)}} = \sum\limits_{i,j} \delta_{i,j}^{(l)} "
            r"a_{i+m,j+n}^{(l-1)}",
            "dE/dF[m,n] = sum[i,j] dE/dO[i,j]*X[i+m,j+n]",
        ),
        (
            r"O_{n,k,i,j} = \sum_{c}\sum_{p}\sum_{q} X_{n,c,i+p,j+q} F_{k,c,p,q} + b_k",
            "O[n,k,i,j] = sum[c] sum[p] sum[q] X[n,c,i+p,j+q]*F[k,c,p,q] + b[k]",
        ),
        (
            r"y_{ij} = \sum_{a=0}^{m-1} \sum_{b=0}^{m-1} w_{ab} x_{(i+a)(j+b)}",
            "O[i,j] = sum[a] sum[b] F[a,b]*X[i+a,j+b]",
        ),
        (
            r"\frac{\partial E}{\partial X_{i,j}} = \sum_{m=0}^{k-1}\sum_{n=0}^{k-1} \frac{\partial "
            r"E}{\partial O_{i-m,j-n}} F_{m,n}",
            "dE/dX[i,j] = sum[m] sum[n] dE/dO[i-m,j-n]*F[m,n]",
        ),
        (
            r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial O} \overset{\text{full}}{*} "
            r"\operatorname{rot}_{180}(F)",
            "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p+1-K_h,w+q+1-K_w]*F[k,c,K_h-1-p,K_w-1-q]",
        ),
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \sum_{p,q} \frac{\partial E}{\partial "
            r"O_{\frac{h-p}{s_h},\frac{w-q}{s_w}}} F_{p,q}",
            "dE/dX[h,w] = sum[p,q] dE/dO[(h-p)/s_h,(w-q)/s_w]*F[p,q]",
        ),
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \sum_{i,j} \frac{\partial E}{\partial O_{ij}} "
            r"F_{h - i, w - j}",
            "dE/dX[h,w] = sum[i,j] dE/dO[i,j]*F[h-i,w-j]",
        ),
        (
            r"\frac{\partial E}{\partial F_{p,q}} = \sum_{i,j} \frac{\partial E}{\partial O_{i,j}} "
            r"X_{s_h i + p, s_w j + q}",
            "dE/dF[p,q] = sum[i,j] dE/dO[i,j]*X[s_h*i+p,s_w*j+q]",
        ),
        (
            r"\frac{\partial E}{\partial b_k} = \sum_{n=1}^{N} \sum_{i=1}^{I} \sum_{j=1}^{J} "
            r"\frac{\partial E}{\partial O_{n,k,i,j}}",
            "dE/db[k] = sum[n<N] sum[i<I] sum[j<J] dE/dO[n,k,i,j]",
        ),
    ],
    "": [
        (
            r"O_{1,1} = x_{1,1} * F_{1,1} + x_{1,2} * F_{1,2} + x_{2,1} * F_{2,1} + x_{2,2} * F_{2,2}",
            "O[0,0] = x[0,0]*F[0,0] + x[0,1]*F[0,1] + x[1,0]*F[1,0] + x[1,1]*F[1,1]",
        ),
        (
            r"s(t) = \sum_{a=-\infty}^{\infty} x(a)w(t-a)",
            "s[t] = sum[a] x[a]*w[t-a]",
        ),
        (
            r"\sigma(z) = \frac{1}{1 + e^{-z}} = \frac{e^z}{1 + e^z} = \frac{1}{2} \left( 1 + \tanh "
            r"\frac{z}{2} \right)",
            "sigmoid(z) = 1/(1 + exp(-z)); sigmoid(z) = exp(z)/(1 + exp(z)); sigmoid(z) = 1/2*(1 + tanh(z/2))",
        ),
        (
            r"\sigma'(z) = \left(-\frac{1}{(1+e^{-z})^2}\right) \cdot (-e^{-z})",
            "sigmoid(z)*(1 - sigmoid(z)) = -1/(1 + exp(-z))^2*(-1)*exp(-z)",
        ),
        (
            r"tanh'(z) = 1 - tanh^2(z)",
            "1 - tanh(z)^2 = 1 - tanh(z)^2",
        ),
        (
            r"\frac{1}{1+e^{-z}} \left(1 - \frac{1}{1+e^{-z}}\right) = \sigma(z) (1-\sigma(z))",
            "1/(1 + exp(-z))*(1 - 1/(1 + exp(-z))) = sigmoid(z)*(1 - sigmoid(z))",
        ),
        (
            r"\operatorname{softmax}(z)_i = \frac{exp(z_i)}{\sum\limits_k exp(z_k)}",
            "exp(z[i])/(sum[i1] exp(z[i1])) = exp(z[i])/(sum[k] exp(z[k]))",
        ),
        (
            r"L(x, y, w, u) = \sum_{i=1}^{n} \left( \sigma \left( u\sigma \left( wx^{(i)} \right) "
            r"\right) - y^{(i)} \right)^{2}",
            "L = sum[i<n] (sigmoid(u*sigmoid(w*x[i])) - y[i])^2",
        ),
        (
            r"\frac{\partial}{\partial w}L(x,y,w,u) = \sum_{i=1}^{n} "
            r"2\left(\sigma\left(u\sigma\left(wx^{(i)}\right)\right) - y^{(i)}\right) \cdot "
            r"\sigma'\left(u\sigma\left(wx^{(i)}\right)\right) \cdot u\sigma'\left(wx^{(i)}\right) "
            r"\cdot x^{(i)}",
            "dE/dw = sum[i<n] 2*(sigmoid(u*sigmoid(w*x[i])) - y[i])*sigmoid(u*sigmoid(w*x[i]))*(1 - "
            "sigmoid(u*sigmoid(w*x[i])))*u*sigmoid(w*x[i])*(1 - sigmoid(w*x[i]))*x[i]",
        ),
        (
            r"\frac{\partial}{\partial u}L(x,y,w,u) = \sum_{i=1}^{n} "
            r"2\left(\sigma\left(u\sigma\left(wx^{(i)}\right)\right) - y^{(i)}\right) \cdot "
            r"\sigma'\left(u\sigma\left(wx^{(i)}\right)\right) \cdot \sigma\left(wx^{(i)}\right)",
            "dE/du = sum[i<n] 2*(sigmoid(u*sigmoid(w*x[i])) - y[i])*sigmoid(u*sigmoid(w*x[i]))*(1 - "
            "sigmoid(u*sigmoid(w*x[i])))*sigmoid(w*x[i])",
        ),
        (
            r"ReLU(z) = \max\{0, z\} = z^+",
            "max(z, 0) = max(0, z); max(z, 0) = max(z, 0)",
        ),
        (
            r"d_{\text{CE}}(y, y') = -\sum_{k=1}^{m} y_k \log y'_k",
            "d_CE = -sum[k<m] y[k]*log(y1[k])",
        ),
        (
            r"\frac{d}{da_i} \left(-\sum_{k=1}^m y_k \log \frac{e^{a_k}}{\sum_j e^{a_j}} \right) = "
            r"\frac{d}{da_i} \left(-\log e^{a_l} + \log \sum_j e^{a_j} \right)",
            "d(-sum[k<m] y[k]*log(exp(a[k])/(sum[j] exp(a[j]))))/da[i] = d(-log(exp(a[l-1])) + "
            "log(sum[j] exp(a[j])))/da[i]",
        ),
        (
            r"\begin{cases} \frac{e^{a_i}}{\sum_j e^{a_j}} & i \neq l \\ -1 + \frac{e^{a_i}}{\sum_j "
            r"e^{a_j}} & i = l \end{cases}",
            "cases(i!=l, exp(a[i])/(sum[j] exp(a[j])), -1 + exp(a[i])/(sum[j] exp(a[j])))",
        ),
        (
            r"\sigma(x) = (1 + e^{-x})^{-1}",
            "sigmoid(x) = (1 + exp(-x))^(-1)",
        ),
        (
            r"f(x) = \max(0.01x, x)",
            "f = max(1/100*x, x)",
        ),
        (
            r"f(x) = \begin{cases} x & \text{if } x > 0 \\ \alpha (\exp(x) - 1) & \text{if } x \leq 0 "
            r"\end{cases}",
            "f = cases(0<x, x, alpha*(exp(x) - 1))",
        ),
        (
            r"\frac{I - F + 2P}{S} + 1",
            "(I - F + 2*P)/S + 1",
        ),
        (
            r"\frac{32 - 5 + 2 \cdot 0}{1} + 1 = 28",
            "(32 - 5 + 2*0)/1 + 1 = 28",
        ),
        (
            r"W_O = W_I - F + 1",
            "W_O = W_I - F + 1",
        ),
        (
            r"W_o = \frac{W_I - F + 2P}{S} + 1",
            "W_o = (W_I - F + 2*P)/S + 1",
        ),
        (
            r"p = \frac{f - 1}{2}",
            "p = (f - 1)/2",
        ),
        (
            r"(11 \times 11 \times 3) \times 96 = 34848",
            "11*11*3*96 = 34848",
        ),
        (
            r"z^{[1]} = w^{[1]}a^{[0]} + b^{[1]}",
            "z_1 = w_1*a_0 + b_1",
        ),
        (
            r"\begin{aligned}5 \times 5 &= 25 + 1 \\&= 26 \end{aligned}",
            "5*5 = 25 + 1; 5*5 = 26",
        ),
        (
            r"\begin{cases} 1 & i = j \text{ and } k = l \\ 0 & \text{otherwise} \end{cases}",
            "cases([i==j]*[k==l]!=0, 1, 0)",
        ),
        (
            r"a = b, c = d \Rightarrow e = f",
            "a = b; c = d; e = f",
        ),
        (
            r"O = \left\lfloor \frac{n + 2p - f}{s} \right\rfloor + 1",
            "O = ((n+2*p-f)//s) + 1",
        ),
        (
            r"O = \lfloor (n+2p-f)/s \rfloor + 1",
            "O = ((n+2*p-f)//s) + 1",
        ),
        (
            r"H_{out} = \left\lfloor \frac{H_{in} + 2P - D(K-1) - 1}{S} + 1 \right\rfloor",
            "H_out = 1+((H_in+2*P+D-D*K-1)//S)",
        ),
        (
            r"n_{out} = \left\lceil \frac{n}{s} \right\rceil",
            "n_out = -((-n)//s)",
        ),
        (
            r"n_H^{[l]} = \left\lfloor \frac{n_H^{[l-1]} + 2p^{[l]} - f^{[l]}}{s^{[l]}} + 1 "
            r"\right\rfloor",
            "n_H_l = 1+((n_H_lm1+2*p_l-f_l)//s_l)",
        ),
        (
            r"\frac{7+0-3}{2} + 1 = \frac{4}{2} + 1 = 3",
            "(7 + 0 - 3)/2 + 1 = 2 + 1; (7 + 0 - 3)/2 + 1 = 3",
        ),
        (
            r"W_o = \frac{(9-3+2)}{2} + 1 = 4",
            "W_o = (9 - 3 + 2)/2 + 1; W_o = 4",
        ),
        (
            r"\text{Parameters} = 400 \times 120 + 120 = 48120",
            "Parameters = 400*120 + 120; Parameters = 48120",
        ),
        (
            r"(5 \cdot 5 \cdot 1 + 1) \cdot 6 = 156",
            "(5*5*1 + 1)*6 = 156",
        ),
        (
            r"\sigma'(x) = \sigma(x)\left(1-\sigma(x)\right)",
            "sigmoid(x)*(1 - sigmoid(x)) = sigmoid(x)*(1 - sigmoid(x))",
        ),
        (
            r"\frac{d}{dx} e^{-x^2} = -2x e^{-x^2}",
            "d(exp(-x^2))/dx = -2*x*exp(-x^2)",
        ),
        (
            r"\delta_{ij} = \begin{cases} 1 & i = j \\ 0 & i \ne j \end{cases}",
            "[i==j] = cases(i==j, 1, 0)",
        ),
        (
            r"\sum_{i \ne j} a_i b_{ij}",
            "sum[i] [i!=j]*a[i]*b[i,j]",
        ),
        (
            r"\sum_{0 \le i < n} a_i",
            "sum[i<n] a[i]",
        ),
        (
            r"\frac12 x^2",
            "1/2*x^2",
        ),
        (
            r"\underbrace{\frac{\partial E}{\partial O_{i}}}_{\text{upstream}} X_{i}",
            "dE/dO[i]*X[i]",
        ),
        (
            r"x_{i}^{2} + x^{2}_{i}",
            "x[i]^2 + x[i]^2",
        ),
        (
            r"\left[ 0 \le h < H \right] \left[ 2 \mid h \right]",
            "[0<=h<H]*[2 | h]",
        ),
        (
            r"\mathbf{W}_{ij} \vec{x}_j",
            "W[i,j]*x[j]",
        ),
        (
            r"-\frac{1}{N} \sum_{n=1}^N \log \frac{e^{x_{n,t_n}}}{\sum_c e^{x_{n,c}}}",
            "-1/N*sum[n<N] log(exp(x[n,t[n]])/(sum[c] exp(x[n,c])))",
        ),
    ],
    "softmax": [
        (
            r"\operatorname{softmax}(z+c)_{i} = \frac{e^{z_{i}+c}}{\sum_{j} e^{z_{j}+c}}",
            "exp(X[i] + c)/(sum[i1] exp(X[i1] + c)) = exp(X[i] + c)/(sum[j] exp(X[j] + c))",
        ),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)",
            "d(O[i])/dX[j] = O[i]*([i==j] - O[j])",
        ),
        (
            r"\frac{\partial E}{\partial z_i} = \sum_j \frac{\partial E}{\partial p_j} p_j "
            r"(\delta_{ij} - p_i)",
            "dE/dX[i] = sum[j] dE/dO[j]*O[j]*([i==j] - O[i])",
        ),
        (
            r"\frac{\partial E}{\partial z_i} = \sum_j \delta_j p_j (\delta_{ij} - p_i)",
            "dE/dX[i] = sum[j] dE/dO[j]*O[j]*([i==j] - O[i])",
        ),
        (
            r"p_i = \frac{e^{z_i}}{\sum_{j=1}^{C} e^{z_j}}",
            "O[i] = exp(X[i])/(sum[j<C] exp(X[j]))",
        ),
        (
            r"\frac{\partial E}{\partial z_i} = p_i \left( \frac{\partial E}{\partial p_i} - \sum_k "
            r"\frac{\partial E}{\partial p_k} p_k \right)",
            "dE/dX[i] = O[i]*(dE/dO[i] - sum[k] dE/dO[k]*O[k])",
        ),
    ],
    "cross_entropy": [
        (
            r"\frac{\partial L}{\partial z_i} = p_i - y_i",
            "dE/dX[i] = dE/dO*(P[i] - [i==T[0]])",
        ),
        (
            r"\frac{\partial L}{\partial z} = \operatorname{softmax}(z) - y",
            "dE/dX[n,c] = dE/dO*(exp(X[n,c])/(sum[c1] exp(X[n,c1])) - [c==T[n]])",
        ),
        (
            r"\frac{\partial L}{\partial z_{n,i}} = \frac{1}{N}(\hat{y}_{n,i} - \mathbf{1}[i = y_n])",
            "dE/dX[n,i] = dE/dO*(1/N)*(P[n,i] - [i==T[n]])",
        ),
        (
            r"L = -\sum_k y_k \log p_k",
            "O = -sum[k] [k==T[0]]*log(P[k])",
        ),
        (
            r"\frac{\partial L}{\partial z} = \hat{y} - y",
            "dE/dX[n,c] = dE/dO*(P[n,c] - [c==T[n]])",
        ),
        (
            r"\frac{\partial L}{\partial z_{ni}} = \frac{p_{ni} - y_{ni}}{N}",
            "dE/dX[n,i] = dE/dO*((P[n,i] - [i==T[n]])/N)",
        ),
        (
            r"\frac{\partial \mathcal{L}}{\partial z_i} = \mathrm{softmax}(z)_i - y_i",
            "dE/dX[i] = dE/dO*(exp(X[i])/(sum[i1] exp(X[i1])) - [i==T[0]])",
        ),
    ],
    "linear": [
        (
            r"z^{[1]} = W^{[1]}a^{[0]} + b^{[1]}",
            "O[...,k] = sum[c] W[k,c]*X[...,c] + b[k]",
        ),
        (
            r"\tilde{y} = Wx + b",
            "O[...,k] = sum[c] W[k,c]*X[...,c] + b[k]",
        ),
        (
            r"\frac{\partial E}{\partial W_{ij}} = \delta_i x_j",
            "dE/dW[i,j] = dE/dO[i]*X[j]",
        ),
        (
            r"\frac{\partial E}{\partial w_{ij}^{(l)}} = a_j^{(l-1)} \delta_i^{(l)}",
            "dE/dW[i,j] = X[j]*dE/dO[i]",
        ),
        (
            r"\frac{\partial C}{\partial b} = \delta",
            "dE/db[k] = sum[...] dE/dO[...,k]",
        ),
        (
            r"\nabla_W E = \delta x^\top",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial O} W^T",
            "dE/dX[...,c] = sum[k] dE/dO[...,k]*W[c,k]",
        ),
        (
            r"\frac{\partial E}{\partial W} = X^T \frac{\partial E}{\partial O}",
            "dE/dW[k,c] = sum[...] X[...,k]*dE/dO[...,c]",
        ),
        (
            r"\frac{\partial E}{\partial W} = \frac{\partial E}{\partial O}^T X",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"\frac{\partial E}{\partial W} = \left(\frac{\partial E}{\partial O}\right)^{\top} X",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"\delta_j^{(l)} = \sum_k W_{kj}^{(l+1)} \delta_k^{(l+1)} \sigma'(z_j^{(l)})",
            "dE/dX[j] = sum[k] W[k,j]*dE/dO[k]*sigmoid(O[j])*(1 - sigmoid(O[j]))",
        ),
        (
            r"\frac{\partial E}{\partial W_{ij}} = \delta_{nj} x_{ni}",
            "dE/dW[i,j] = dE/dO[n,j]*X[n,i]",
        ),
        (
            r"\frac{\partial E}{\partial W} = \frac{\partial E}{\partial y} x^{\mathsf T}",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"\frac{\partial E}{\partial \mathbf{x}} = \mathbf{W}^\top \frac{\partial E}{\partial "
            r"\mathbf{y}}",
            "dE/dX[...,c] = sum[k] W[k,c]*dE/dO[...,k]",
        ),
        (
            r"\frac{\partial E}{\partial W_{k,c}} = \sum_{n=1}^{N} \frac{\partial E}{\partial "
            r"y_{n,k}} x_{n,c}",
            "dE/dW[k,c] = sum[n] dE/dO[n,k]*X[n,c]",
        ),
        (
            r"\frac{\partial J}{\partial w_{ij}} = \delta_i a_j",
            "dE/dW[i,j] = dE/dO[i]*X[j]",
        ),
        (
            r"dW = \delta x^T",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"dW^{[l]} = dZ^{[l]} A^{[l-1]T}",
            "dE/dW[k,c] = sum[...] dE/dO[...,k]*X[...,c]",
        ),
        (
            r"dA^{[l-1]} = W^{[l]T} dZ^{[l]}",
            "dE/dX[...,c] = sum[k] W[k,c]*dE/dO[...,k]",
        ),
        (
            r"db = dZ",
            "dE/db[k] = sum[...] dE/dO[...,k]",
        ),
        (
            r"y_k = \sum_{c=0}^{C-1} W_{kc} x_c + b_k",
            "O[k] = sum[c<C] W[k,c]*X[c] + b[k]",
        ),
    ],
    "sigmoid": [
        (
            r"\frac{\partial E}{\partial z} = \frac{\partial E}{\partial a} \odot \sigma'(z)",
            "dE/dX[...] = dE/dO[...]*sigmoid(X[...])*(1 - sigmoid(X[...]))",
        ),
        (
            r"\frac{\partial E}{\partial x} = \frac{\partial E}{\partial y} \cdot y (1-y)",
            "dE/dX[...] = dE/dO[...]*O[...]*(1 - O[...])",
        ),
        (
            r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i} y_i (1 - y_i)",
            "dE/dX[i] = dE/dO[i]*O[i]*(1 - O[i])",
        ),
        (
            r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial O} \odot O \odot (1 - O)",
            "dE/dX[...] = dE/dO[...]*O[...]*(1 - O[...])",
        ),
        (
            r"\frac{dE}{dx} = \frac{dE}{dy} \sigma'(x)",
            "dE/dX[...] = dE/dO[...]*sigmoid(X[...])*(1 - sigmoid(X[...]))",
        ),
        (
            r"\frac{\mathrm{d}E}{\mathrm{d}x} = \frac{\mathrm{d}E}{\mathrm{d}y} \sigma(x)(1-\sigma(x))",
            "dE/dX[...] = dE/dO[...]*sigmoid(X[...])*(1 - sigmoid(X[...]))",
        ),
    ],
    "relu": [
        (
            r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i} \mathbb{1}_{x_i > 0}",
            "dE/dX[i] = dE/dO[i]*[0<X[i]]",
        ),
        (
            r"\frac{\partial E}{\partial x} = \begin{cases} \frac{\partial E}{\partial y} & x > 0 \\ "
            r"0 & \text{otherwise} \end{cases}",
            "dE/dX[...] = cases(0<X[...], dE/dO[...], 0)",
        ),
        (
            r"\operatorname{ReLU}'(x) = \mathbf{1}_{x>0}",
            "d(max(X[...], 0))/dX[...] = [0<X[...]]",
        ),
        (
            r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i} [x_i > 0]",
            "dE/dX[i] = dE/dO[i]*[0<X[i]]",
        ),
        (
            r"\frac{\partial E}{\partial x_i} = \begin{cases} \frac{\partial E}{\partial y_i} & "
            r"\text{if } x_i \geq 0, \\ 0 & \text{otherwise.} \end{cases}",
            "dE/dX[i] = cases(0<=X[i], dE/dO[i], 0)",
        ),
    ],
    "mse_loss": [
        (
            r"\frac{\partial L}{\partial \hat{y}_i} = \frac{2}{n} (\hat{y}_i - y_i)",
            "dE/dX[i] = dE/dO*(2/n)*(X[i] - Y[i])",
        ),
        (
            r"\frac{\partial L}{\partial x_i} = \frac{2}{L}(x_i - y_i)",
            "dE/dX[i] = dE/dO*(2/L)*(X[i] - Y[i])",
        ),
        (
            r"\frac{\partial L}{\partial x} = \frac{2}{L} (x - y)",
            "dE/dX[...] = dE/dO*(2/L)*(X[...] - Y[...])",
        ),
        (
            r"E = \frac{1}{L} \|x - y\|^2",
            "O = 1/L*sum[...] (X[...] - Y[...])^2",
        ),
    ],
    "max_pool2d": [
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \sum_{i,j} \frac{\partial E}{\partial O_{i,j}} "
            r"[(h - 2i, w - 2j) = \operatorname{argmax}_{p,q} X_{2i+p,2j+q}]",
            "dE/dX[h,w] = sum[i,j] dE/dO[i,j]*[(h-2*i,w-2*j)==argmax[p,q] X[2*i+p,2*j+q]]",
        ),
        (
            r"\frac{\partial E}{\partial X_{n,c,h,w}} = \sum_{i,j} \frac{\partial E}{\partial "
            r"O_{n,c,i,j}} \mathbf{1}[X_{n,c,h,w} = O_{n,c,i,j}]",
            "dE/dX[n,c,h,w] = sum[i,j] dE/dO[n,c,i,j]*[X[n,c,h,w]==O[n,c,i,j]]",
        ),
        (
            r"O_{i,j} = \max_{p,q} X_{s_h i + p, s_w j + q}",
            "O[i,j] = max[p,q] X[s_h*i+p,s_w*j+q]",
        ),
    ],
    "avg_pool2d": [
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \frac{1}{k^2} \frac{\partial E}{\partial "
            r"O_{\lfloor h/k \rfloor, \lfloor w/k \rfloor}}",
            "dE/dX[h,w] = 1/k^2*dE/dO[h//k,w//k]",
        ),
        (
            r"\frac{\partial E}{\partial X_{h,w}} = \frac{1}{K_h K_w} \sum_{p,q} \frac{\partial "
            r"E}{\partial O_{(h-p)/s_h, (w-q)/s_w}}",
            "dE/dX[h,w] = 1/(K_h*K_w)*sum[p,q] dE/dO[(h-p)/s_h,(w-q)/s_w]",
        ),
    ],
    "batch_norm": [
        (
            r"\frac{\partial L}{\partial \gamma_c} = \sum_{n=1}^{N} \frac{\partial L}{\partial "
            r"y_{n,c}} \hat{x}_{n,c}",
            "dE/dw[c] = sum[n<N] dE/dO[n,c]*Y[n,c]",
        ),
        (
            r"\hat{x}_{n,c} = \frac{x_{n,c} - \mu_c}{\sqrt{v_c + \epsilon}}",
            "Y[n,c] = (X[n,c] - M[c])/sqrt(V[c] + e)",
        ),
    ],
    "layer_norm": [
        (
            r"\frac{\partial L}{\partial x_i} = \frac{1}{\sigma} \left( \frac{\partial L}{\partial "
            r"\hat{x}_i} - \frac{1}{C}\sum_j \frac{\partial L}{\partial \hat{x}_j} - "
            r"\frac{\hat{x}_i}{C} \sum_j \frac{\partial L}{\partial \hat{x}_j}\hat{x}_j\right)",
            "dE/dX[i] = 1/S[0]*(dE/dY[i] - 1/C*sum[j] dE/dY[j] - Y[i]/C*sum[j] dE/dY[j]*Y[j])",
        ),
    ],
    "conv1d": [
        (
            r"\frac{\partial E}{\partial F_p} = \sum_i \frac{\partial E}{\partial O_i} X_{i+p}",
            "dE/dF[p] = sum[i] dE/dO[i]*X[i+p]",
        ),
        (
            r"\frac{\partial E}{\partial F_{k,c,p}} = \sum_{n,i} \frac{\partial E}{\partial "
            r"O_{n,k,i}} X_{n,c,si+dp-P}",
            "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,s*i+d*p-P]",
        ),
    ],
    "convolve2d": [
        (
            r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial O} \circledast F",
            "dE/dX[h,w] = sum[p,q] dE/dO[h+p,w+q]*F[p,q]",
        ),
    ],
    "tanh": [
        (
            r"\frac{\partial E}{\partial x} = \frac{\partial E}{\partial y} (1 - \tanh^2(x))",
            "dE/dX[...] = dE/dO[...]*(1 - tanh(X[...])^2)",
        ),
        (
            r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i} (1 - y_i^2)",
            "dE/dX[i] = dE/dO[i]*(1 - O[i]^2)",
        ),
    ],
    "leaky_relu": [
        (
            r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i} \begin{cases} 1 & x_i "
            r"> 0 \\ a & x_i \le 0 \end{cases}",
            "dE/dX[i] = dE/dO[i]*cases(0<X[i], 1, a)",
        ),
    ],
    "elu": [
        (
            r"f(x) = \begin{cases} x & \text{if } x > 0 \\ \alpha (\exp(x) - 1) & \text{if } x \leq 0 "
            r"\end{cases}",
            "O[...] = cases(0<X[...], X[...], a*(exp(X[...]) - 1))",
        ),
    ],
}
