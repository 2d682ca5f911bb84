"""The laws of the usual operations in notation, as anyone would write them: what the tests of the notation read."""

LAWS = {
    "conv1d grouped": (
        "O[n,k,i] = sum[c<Cg,p](X[n,k//Kg*Cg+c,s*i+d*p-P]*F[k,c,p]) + b[k]; X[n<N,c<G*Cg,h<H]; pad X.h by P, P"
    ),
    "conv2d same": (
        "O[n,k,i,j] = sum[c,p,q](X[n,c,i+d*p-d*(K-1)//2,j+d*q-d*(K-1)//2]*F[k,c,p,q]) + b[k]; "
        "F[k<M,c<C,p<K,q<K]; X[n<N,c<C,h<H,w<W]; size i = H; size j = W"
    ),
    "conv_transpose1d": (
        "O[n,k,i] = sum[c<Cg,p<K](X[n,k//Kg*Cg+c,(i+P-d*p)/s]*F[k//Kg*Cg+c,k%Kg,p]) + b[k]; size i touch - P + A"
    ),
    "true convolution full": "O[i] = sum[p] X[i-p]*F[p]; size i touch",
    "true convolution valid": "O[i] = sum[p<K] X[i+K-1-p]*F[p]",
    "true convolution same": "O[i] = sum[p<K] X[i+(K-1)//2-p]*F[p]; X[h<H]; size i = H",
    "max_pool1d": "where h = s*i+d*p-P; O[n,c,i] = max[p<K] X[n,c,h]; X[n<N,c<C,h1<H]; pad X.h1 by P, P; size i ceil",
    "avg_pool1d counted": (
        "where h = s*i+p-P; O[n,c,i] = (sum[p<K] X[n,c,h])/(sum[p<K] [h<H+P]); X[n<N,c<C,u<H]; pad X.u by P, P; "
        "size i ceil"
    ),
    "avg_pool1d excluded": (
        "where h = s*i+p-P; O[n,c,i] = (sum[p<K] X[n,c,h])/(sum[p<K] [0<=h<H]); X[n<N,c<C,u<H]; pad X.u by P, P"
    ),
    "avg_pool1d override": "O[n,c,i] = (sum[p<K] X[n,c,s*i+p])/D",
    "lp_pool1d": (
        "S[n,c,i] = K*(sum[p<K] X[n,c,s*i+p]^r)/(sum[p<K] [s*i+p<H]); "
        "O[n,c,i] = cases(S[n,c,i]!=0, S[n,c,i]^(1/r), 0); X[n<N,c<C,h<H]"
    ),
    "linear": "O[...,k] = sum[c](X[...,c]*W[k,c]) + b[k]",
    "flatten": "O[n,a] = X[n,a//W,a%W]; X[n<N,h<H,w<W]; size a = H*W",
    "relu": "O[...] = max(X[...], 0)",
    "leaky_relu": "O[...] = max(X[...], 0) + a*min(X[...], 0)",
    "prelu": "O[n,c] = max(X[n,c], 0) + a[c]*min(X[n,c], 0)",
    "prelu of one weight": "O[n,c] = max(X[n,c], 0) + a[0]*min(X[n,c], 0)",
    "elu": "O[...] = max(X[...], 0) + a*(exp(min(X[...], 0)) - 1)",
    "sigmoid": "O[...] = sigmoid(X[...])",
    "tanh": "O[...] = tanh(X[...])",
    "softmax shifted": (
        "M[...] = max[c] X[...,c]; E[...,c] = exp(X[...,c] - M[...]); Z[...] = sum[c] E[...,c]; "
        "O[...,c] = E[...,c]/Z[...]"
    ),
    "log_softmax shifted": (
        "M[...] = max[c] X[...,c]; Z[...] = sum[c] exp(X[...,c] - M[...]); L[...,c] = X[...,c] - M[...] - log(Z[...])"
    ),
    "mse_loss": "O = (sum[n] (X[n]-Y[n])^2)/N; X[n<N]",
    "cross_entropy of labels": (
        "O = -(sum[n,c] ((1-m)*w[c]*[c==T[n]] + m/C*w[c])*[T[n]!=g]*L[n,c])/(sum[n,c] w[c]*[c==T[n]]*[T[n]!=g]); "
        "L[n<N,c<C]; T[n<N]; integer T"
    ),
    "cross_entropy of probabilities": "O = -(sum[n,c,h] w[c]*((1-m)*Y[n,c,h] + m/C)*L[n,c,h])/(N*H); L[n<N,c<C,h<H]",
    "batch_norm": (
        "A[c] = (sum[n] X[n,c])/N; V[c] = (sum[n] (X[n,c]-A[c])^2)/N; scalar u; "
        "O[n,c] = (X[n,c]-A[c])/sqrt(V[c]+u)*G[c] + B[c]; X[n<N,c<C]"
    ),
}
