"""Laws as people write them: every law of a neural network's textbook, and the formulas of lecture decks."""

HALO = "X[n<N,c<C,h<H]; pad X.h by P, P"
WINDOW = "s*i+d*p-P"

LAWS = {
    "conv1d grouped": f"""
        O[n,k,i] = sum[c<Cg,p](X[n,k//Kg*Cg+c,{WINDOW}]*F[k,c,p]) + b[k]
        X[n<N,c<C,h<H]; F[k<K,c<Cg,p<T]; pad X.h by P, Q
    """,
    "conv1d same": """
        O[n,k,i] = sum[c,p](X[n,c,i+d*p-d*(T-1)//2]*F[k,c,p]) + b[k]
        X[n<N,c<C,h<H]; F[k<K,c<C,p<T]; size i = H
    """,
    "conv_transpose1d": """
        O[n,k,i] = sum[c<Cg,p](X[n,k//Kg*Cg+c,(i+P-d*p)/s]*F[k//Kg*Cg+c,k%Kg,p]) + b[k]
        X[n<N,c<C,h<H]; F[c<C,k<Kg,p<T]; b[k<K]; size i touch - P + A
    """,
    "convolution full": "O[i] = sum[p] X[i-p]*F[p]; X[h<H]; F[p<T]; size i touch",
    "convolution valid": "O[i] = sum[p] X[i+T-1-p]*F[p]; X[h<H]; F[p<T]",
    "convolution same": "O[i] = sum[p] X[i+(T-1)//2-p]*F[p]; X[h<H]; F[p<T]; size i = H",
    "max_pool1d": f"O[n,c,i] = max[p<T] X[n,c,{WINDOW}]; {HALO}",
    "max_pool1d ceil": f"O[n,c,i] = max[p<T] X[n,c,{WINDOW}]; {HALO}; size i ceil",
    "avg_pool1d": f"""
        where h = s*i+p-P; R[i] = sum[p<T] [h<H+P]; O[n,c,i] = (sum[p<T] X[n,c,h])/R[i]; {HALO}
    """,
    "avg_pool1d ceil": f"""
        where h = s*i+p-P; R[i] = sum[p<T] [h<H+P]; O[n,c,i] = (sum[p<T] X[n,c,h])/R[i]; {HALO}; size i ceil
    """,
    "avg_pool1d excluded": f"""
        where h = s*i+p-P; O[n,c,i] = (sum[p<T] X[n,c,h])/(sum[p<T] [0<=h<H]); {HALO}
    """,
    "avg_pool1d excluded ceil": f"""
        where h = s*i+p-P; O[n,c,i] = (sum[p<T] X[n,c,h])/(sum[p<T] [0<=h<H]); {HALO}; size i ceil
    """,
    "avg_pool2d divisor": """
        O[n,c,i,j] = (sum[p<T,q<U] X[n,c,s*i+p-P,t*j+q-Q])/D
        X[n<N,c<C,h<H,w<W]; pad X.h by P, P; pad X.w by Q, Q
    """,
    "lp_pool1d": """
        S[n,c,i] = T*(sum[p<T] X[n,c,s*i+p]^2)/(sum[p<T] [s*i+p<H])
        O[n,c,i] = cases(S[n,c,i] != 0, S[n,c,i]^(1/2), 0)
        X[n<N,c<C,h<H]
    """,
    "lp_pool1d ceil": """
        S[n,c,i] = T*(sum[p<T] X[n,c,s*i+p]^2)/(sum[p<T] [s*i+p<H])
        O[n,c,i] = cases(S[n,c,i] != 0, S[n,c,i]^(1/2), 0)
        X[n<N,c<C,h<H]; size i ceil
    """,
    "linear": "O[...,k] = sum[c](X[...,c]*W[k,c]) + b[k]",
    "flatten": "O[n,a] = X[n,a//W,a%W]; X[n<N,h<H,w<W]; size a = H*W",
    "relu": "O[...] = max(X[...], 0)",
    "leaky_relu": "O[...] = max(X[...], 0) + a*min(X[...], 0)",
    "prelu": "O[n,c,l] = max(X[n,c,l], 0) + a[c]*min(X[n,c,l], 0)",
    "prelu of one slope": "O[n,c,l] = max(X[n,c,l], 0) + a[0]*min(X[n,c,l], 0); a[u<1]",
    "elu": "O[...] = max(X[...], 0) + a*(exp(min(X[...], 0)) - 1)",
    "sigmoid": "O[...] = sigmoid(X[...])",
    "tanh": "O[...] = tanh(X[...])",
    "softmax": "M[n] = max[c] X[n,c]; E[n,c] = exp(X[n,c]-M[n]); Z[n] = sum[c] E[n,c]; O[n,c] = E[n,c]/Z[n]",
    "log_softmax": """
        M[n] = max[c] X[n,c]; E[n,c] = exp(X[n,c]-M[n]); Z[n] = sum[c] E[n,c]; O[n,c] = X[n,c] - M[n] - log(Z[n])
    """,
    "mse_loss": "O = (sum[n,c] (X[n,c]-Y[n,c])^2)/(N*C); X[n<N,c<C]; Y[n<N,c<C]",
    "cross_entropy of labels": """
        E[n,c,h] = exp(X[n,c,h]); Z[n,h] = sum[c] E[n,c,h]; L[n,c,h] = X[n,c,h] - log(Z[n,h])
        A = -(sum[n,c,h] ((1-m)*w[c]*[c==T[n,h]] + m/C*w[c])*[T[n,h]!=g]*L[n,c,h])
        B = sum[n,c,h] w[c]*[c==T[n,h]]*[T[n,h]!=g]
        O = A/B; X[n<N,c<C,h<H]; T[n<N,h<H]; integer T
    """,
    "cross_entropy of probabilities": """
        E[n,c,h] = exp(X[n,c,h]); Z[n,h] = sum[c] E[n,c,h]; L[n,c,h] = X[n,c,h] - log(Z[n,h])
        O = -(sum[n,c,h] w[c]*((1-m)*Y[n,c,h] + m/C)*L[n,c,h])/(N*H); X[n<N,c<C,h<H]; Y[n<N,c<C,h<H]
    """,
    "batch_norm": """
        M[c] = (sum[n,l] X[n,c,l])/(N*L); V[c] = (sum[n,l] (X[n,c,l]-M[c])^2)/(N*L)
        O[n,c,l] = (X[n,c,l]-M[c])/sqrt(V[c]+e)*g[c] + b[c]; X[n<N,c<C,l<L]
    """,
}
"""The laws of the field by torch's names."""

DECKS = {
    "convolution S = I * K": "S[i,j] = sum[m,n] I[m,n]*K[i-m,j-n]; size i touch; size j touch",
    "cross-correlation of 3x3 and 2x2": "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]; X[h<3,w<3]; F[p<2,q<2]",
    "dE/dF as a correlation": "G[p,q] = sum[i,j] X[i+p,j+q]*g[i,j]; X[h<3,w<3]; g[i<2,j<2]",
    "dE/dX with the flipped filter": """
        R[p,q] = F[1-p,1-q]; G[h,w] = sum[p<2,q<2] R[p,q]*g[h+p-1,w+q-1]
        F[p<2,q<2]; g[i<2,j<2]; size h = 3; size w = 3; size p = 2; size q = 2
    """,
    "linear neuron": "y[i] = sum[j] W[i,j]*x[j]",
    "bias as a constant input": "y[i] = sum[j<2](W[i,j]*x[j]) + b[i]; W[i<5,j<2]; x[j<2]",
    "multilayer perceptron": "a[i] = sum[j] W[i,j]*x[j]; h[i] = sigmoid(a[i]); y[k] = sum[i] U[k,i]*h[i]",
    "sigmoid by its exponential": "s[i] = 1/(1 + exp(-z[i]))",
    "sigmoid by the other quotient": "s[i] = exp(z[i])/(1 + exp(z[i]))",
    "sigmoid by tanh": "s[i] = 1/2*(1 + tanh(z[i]/2))",
    "derivative of sigmoid": "d[i] = exp(-z[i])/(1 + exp(-z[i]))^2",
    "derivative of tanh": "d[i] = 1 - tanh(z[i])^2",
    "input normalisation": """
        M[j] = (sum[i] x[i,j])/n; V[j] = (sum[i] (x[i,j]-M[j])^2)/n; O[i,j] = (x[i,j]-M[j])/sqrt(V[j])
    """,
    "one-hot encoding": "y[i,k] = [k==T[i]]; integer T; size k = m",
    "accuracy": """
        A = (sum[i] (sum[j<m] [(j)==argmax[k<m] Y[i,k]]*[(j)==argmax[k<m] y[i,k]]))/n; Y[i<n,k<m]; y[i<n,k<m]
    """,
    "softmax": "s[k] = exp(y[k])/(sum[j] exp(y[j]))",
    "softmax of a shifted vector": "s[k] = exp(y[k]+c)/(sum[j] exp(y[j]+c)); scalar c",
    "norm 2": "O[i] = x[i]/sqrt(sum[j] x[j]^2)",
    "norm 1": "O[i] = x[i]/(sum[j] max(x[j], -x[j]))",
    "squared loss": "L = sum[i] (y[i] - Y[i])^2",
    "loss of the perceptron": """
        a[i,h] = sum[d] W[h,d]*x[i,d]; s[i,h] = sigmoid(a[i,h]); Y[i,j] = sum[h] U[j,h]*s[i,h]
        E[i,j] = exp(Y[i,j]); Z[i] = sum[j] E[i,j]; L = sum[i,j] (E[i,j]/Z[i] - y[i,j])^2
    """,
    "scalar net of two weights": "L = sum[i] (sigmoid(u*sigmoid(w*x[i])) - y[i])^2; scalar u, w",
    "scalar net of three weights": "L = sum[i] (sigmoid(u*sigmoid(v*sigmoid(w*x[i]))) - y[i])^2; scalar u, v, w",
    "a step of gradient descent": "V[i,j] = W[i,j] - e*(sum[k] d[k,i,j]); scalar e",
    "ReLU": "r[i] = max(0, z[i])",
    "derivative of ReLU, 1 at 0": "d[i] = cases(z[i] < 0, 0, 1)",
    "log-likelihood": "L = sum[i] log(p[i])",
    "cross-entropy": "d = -(sum[k] y[k]*log(Y[k]))",
    "cross-entropy of softmax": "d = -(sum[k] y[k]*log(exp(a[k])/(sum[j] exp(a[j]))))",
    "its gradient": "g[i] = exp(a[i])/(sum[j] exp(a[j])) - y[i]",
    "a convolution with channels": "O[i,j] = sum[c,p,q] X[c,i+p,j+q]*F[c,p,q]",
    "max-pooling 2x2": "O[i,j] = max[p<2,q<2] X[2*i+p,2*j+q]",
    "average-pooling 2x2": "O[i,j] = (sum[p<2,q<2] X[2*i+p,2*j+q])/4",
    "strided convolution": "O[i,j] = sum[p,q] X[s*i+p,s*j+q]*F[p,q]",
    "transposed convolution of stride 3": "O[i,j] = sum[p,q] X[(i-p)/3,(j-q)/3]*F[p,q]; size i touch; size j touch",
    "a convolution as a matrix product": """
        A[r,c] = [r//2 <= c//4]*F[c//4-r//2,c%4-r%2]; O[r] = sum[c<16] A[r,c]*x[c]
        F[p<3,q<3]; x[c<16]; size r = 4; size c = 16
    """,
    "leaky ReLU as a maximum": "f[i] = max(0.01*x[i], x[i])",
    "parametric ReLU as a maximum": "f[i] = max(a*x[i], x[i]); scalar a",
    "ELU by cases": "f[i] = cases(x[i] > 0, x[i], a*(exp(x[i]) - 1)); scalar a",
    "fully connected layer": "O[k] = sigmoid(sum[c](i[c]*W[c,k]) + b[k])",
    "gradient magnitude": "G[i,j] = sqrt((I[i+1,j+2]-I[i+1,j])^2 + (I[i+2,j+1]-I[i,j+1])^2); size i fit; size j fit",
    "softmax of negated products": """
        z[k] = -(sum[c] w[k,c]*x[c]); g[k] = exp(z[k])/(sum[j] exp(z[j]))
    """,
    "cost over a training set": "J = (sum[i] L[i])/m",
    "routing to the winning unit": "G[p,q] = [(p,q)==argmax[r<2,t<2] X[r,t]]*g[0,0]; size p = 2; size q = 2",
}
"""Formulas of lecture decks, one a slide or more."""
