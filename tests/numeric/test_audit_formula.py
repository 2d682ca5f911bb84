"""A formula is verified, verified under a hypothesis, refuted with a true witness, or said to be open."""

import contextlib
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import derive
from derive.errors import BackproofError
from derive.expressions.build import mul
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.meaning.denote import World
from derive.meaning.integers import Array, Formula
from numeric import prove
from numeric.audit.canonical import same
from numeric.audit.comparison import agree, compare
from numeric.audit.formula import check_formula
from numeric.audit.verdict import NO_MISTAKE, Verdict
from numeric.mistakes import wrong_formulas

ATTENTION = """
    S[i,j] = (sum[k] Q[i,k]*K[j,k])/sqrt(D)
    U[i,j] = exp(S[i,j])
    Z[i] = sum[j] U[i,j]
    A[i,j] = U[i,j]/Z[i]
    O[i,c] = sum[j] A[i,j]*V[j,c]
    Q[i<N,k<D]; K[j<M,k<D]
"""
OUTSIDE = "entries outside a tensor count as 0"
PROBABILITIES, TRAINING = {"target": "probabilities"}, {"training": True}

# operation, its settings, a right claim, and the hypothesis that it needs
RIGHT = [
    ("conv2d", {}, "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]", ""),
    ("conv2d", {}, "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,i+p,j+q]", "stride=1, padding=0, dilation=1"),
    ("conv2d", {}, "dE/dF[a,b,u,v] = sum[n,i,j] dE/dO[n,a,i,j]*X[n,b,s*i+u-P,s*j+v-P]", "P_h=P_w, s_h=s_w, dilation=1"),
    ("conv2d", {"stride": 2}, "dE/dF[k,c,p,q] = sum[j,i,n] X[n,c,2*i+p,2*j+q]*dE/dO[n,k,i,j]", "padding=0, dilation=1"),
    ("conv2d", {}, "dL/dW[p,q] = sum[i,j] dL/dY[i,j]*X[i+p,j+q]", "K=1, C=1, N=1, stride=1, padding=0, dilation=1"),
    ("conv2d", {}, "dE/dX[a,b] = sum[i,j] dE/dO[i,j]*F[a-i,b-j]", "N=1, C=1, K=1, stride=1, padding=0, dilation=1"),
    ("conv2d", {}, "dE/db[k] = sum[n,i,j] dE/dO[n,k,i,j]", ""),
    ("conv2d", {}, "I = floor((H+2*P_h-d_h*(K_h-1)-1)/s_h)+1", ""),
    ("conv2d", {}, "O = (W-F+2*P)/S+1", "dilation=1, s_h divides H+2*P_h-K_h"),
    ("conv2d", {}, "Z = (W-F+2*P)/S+1", "dilation=1, s_h divides H+2*P_h-K_h"),
    ("conv1d", {}, "I = (H-M)/s+1", "padding=0, dilation=1, s divides H-M"),
    ("avg_pool1d", {}, "I = ceil((H+2*P-M+1)/s)", ""),
    ("conv2d", {}, "I = H-K_h+1", "stride=1, padding=0, dilation=1"),
    ("conv2d", {}, "parameters = K*(C*K_h*K_w+1)", ""),
    ("conv2d", {}, r"\frac{\partial E}{\partial F_{p,q}} = \sum_{i,j} \frac{\partial E}{\partial O_{i,j}} X_{i+p,j+q}",
     "K=1, C=1, N=1, stride=1, padding=0, dilation=1"),
    ("conv2d", {}, "dE/dF = conv(X, dE/dO)", "stride=1, padding=0, dilation=1"),
    ("conv_transpose2d", {}, "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p,w+q]*F[c,k,p,q]",
     "stride=1, padding=0, dilation=1"),
    ("linear", {}, "dE/dX[n,c] = sum[k] dE/dO[n,k]*W[k,c]", ""),
    ("linear", {}, "dE/dX[c] = sum[k] dE/dO[k]*dO[k]/dX[c]", "L=1"),
    ("linear", {}, "dE/dW[k,c] = dE/dO[k]*X[c]", "L=1"),
    ("linear", {}, "dO[i]/dX[j] = W[i,j]", "L=1"),
    ("linear", {}, "O[k] = b[k] + sum[c] W[k,c]*X[c]", "L=1"),
    ("max_pool2d", {"kernel_size": 2}, "I = floor(H/2)", "stride=2, padding=0, dilation=1"),
    ("avg_pool2d", {}, "dE/dX[n,c,h,w] = sum[p,q] dE/dO[n,c,(h-p)/s_h,(w-q)/s_w]/(K_h*K_w)", "padding=0"),
    ("avg_pool2d", {}, "dE/dX[n,c,h,w] = dE/dO[n,c,h//K_h,w//K_w]/(K_h*K_w)", "stride=kernel_size, padding=0"),
    ("softmax", {}, "dO[i]/dX[j] = O[i]*([i==j]-O[j])", "L=1"),
    ("softmax", {}, "dE/dX[n,c] = sum[d] dE/dO[n,d]*O[n,d]*([c==d]-O[n,c])", ""),
    ("cross_entropy", {}, "dE/dX[n,c] = (softmax(X)[n,c]-[c==T[n]])/N", "E=O"),
    ("cross_entropy", {}, "dE/dX[c] = P[c]-[c==T]", "N=1, E=O"),
    ("sigmoid", {}, "dE/dX[i] = dE/dO[i]*sigmoid(X[i])*(1-sigmoid(X[i]))", ""),
    ("sigmoid", {}, "dE/dX[i,j] = dE/dO[i,j]*O[i,j]*(1-O[i,j])", ""),
    ("sigmoid", {}, "dE/dX[i] = dE/dO[i]*exp(-X[i])/(1+exp(-X[i]))^2", ""),
    ("tanh", {}, "dE/dX[i] = dE/dO[i]*(1-tanh(X[i])^2)", ""),
    ("tanh", {}, r"\tanh'(x) = 1 - \tanh^2(x)", ""),
    ("softmax", {}, "sum[c] O[c] = 1", "L=1"),
    ("relu", {}, "dE/dX[i] = dE/dO[i]*[X[i]>0]", ""),
    ("relu", {}, "dE/dX[i] = dE/dO[i]*[X[i]>=0]", "convention deck D1: ReLU'(0) = 1"),
    ("batch_norm", {}, "dE/dw[c] = sum[n] dE/dO[n,c]*Y[n,c]", ""),
    ("mse_loss", {}, "dE/dX[i] = 2*(X[i]-Y[i])/L", "E=O"),
    ("cross_entropy", {}, r"\partial L/\partial z = p - y", "N=1"),
    ("cross_entropy", {"reduction": "sum"}, r"\frac{\partial L}{\partial z} = p - y", ""),
    ("cross_entropy", PROBABILITIES, r"\frac{\partial L}{\partial z_i} = p_i - y_i", "N=1, sum[c] T[n,c] = 1"),
    ("cross_entropy", PROBABILITIES, r"\frac{\partial L}{\partial z} = p - y", "N=1, sum[c] T[n,c] = 1"),
    ("cross_entropy", PROBABILITIES, "dE/dX[n,c] = (P[n,c]-T[n,c])/N", "E=O, sum[c] T[n,c] = 1"),
    ("mse_loss", {}, r"\frac{\partial L}{\partial \hat y_i} = \frac{2}{n}(\hat y_i - y_i)", ""),
    ("linear", {}, r"\frac{\partial L}{\partial b} = \sum_i \frac{\partial L}{\partial y_i}", ""),
    ("linear", {}, r"\frac{\partial L}{\partial b} = \sum_{i=1}^{N} \frac{\partial L}{\partial y_i}", ""),
    ("batch_norm", {}, r"\frac{\partial L}{\partial \beta} = \sum_i \frac{\partial L}{\partial y_i}", ""),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial \beta} = \sum_i \frac{\partial L}{\partial y_i}", ""),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial\gamma}=\sum_i \frac{\partial L}{\partial y_i} \hat x_i", ""),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial \hat{x}_i} = \frac{\partial L}{\partial y_i} \gamma", ""),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial x_i} = \frac{\gamma}{m\sigma}"
     r" (m\frac{\partial L}{\partial y_i} - \sum_j \frac{\partial L}{\partial y_j}"
     r" - \hat{x}_i \sum_j \frac{\partial L}{\partial y_j}\hat{x}_j)", ""),
    ("batch_norm", TRAINING, r"\mu = \frac1m \sum_i x_i", ""),
    ("batch_norm", TRAINING, r"\hat x_i = (x_i-\mu)/\sigma", ""),
    ("layer_norm", {}, r"\frac{\partial L}{\partial \gamma} = \sum_i \frac{\partial L}{\partial y_i} \hat x_i", ""),
    ("layer_norm", {}, r"\mu = \frac{1}{n} \sum_i x_i", "L=1"),
    ("cross_entropy", {}, r"\frac{\partial L}{\partial z_i} = \sum_j y_j (p_i - \delta_{ij})", "N=1"),
    ("cross_entropy", {}, r"\frac{\partial L}{\partial z_i} = p_i \sum_j y_j - y_i", "N=1"),
    ("cross_entropy", {}, r"\delta = p - y", "N=1"),
    ("sigmoid", {}, r"\delta = \partial L/\partial a \odot \sigma'(z), \quad \partial L/\partial z = \delta", ""),
    ("linear", {}, r"\delta = \frac{\partial L}{\partial y}; \frac{\partial L}{\partial W} = \delta x^T", ""),
    ("log_softmax", {}, r"\frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial y_i}"
     r" - p_i \sum_j \frac{\partial L}{\partial y_j}", "L=1"),
    ("mse_loss", {}, r"L = \frac1n\sum_i (\hat y_i-y_i)^2", ""),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial\gamma}=\sum_{i=1}^m\frac{\partial L}{\partial y_i}\hat x_i,"
     r" \quad \frac{\partial L}{\partial \beta} = \sum_{i=1}^m \frac{\partial L}{\partial y_i}", ""),
    (ATTENTION, {}, r"S = QK^T/\sqrt{d_k}", ""),
    (ATTENTION, {}, r"\frac{\partial L}{\partial Q} = \frac{1}{\sqrt{d}} \frac{\partial L}{\partial S} K", ""),
    (ATTENTION, {}, r"O = \operatorname{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right) V", ""),
    ("conv2d", {}, "dE/db[k] = sum[n<N+1,i<I+1,j] dE/dO[n,k,i,j]", OUTSIDE),
    ("conv1d", {}, "dE/dF[k,c,p] = sum[n,s] dE/dO[n,k,s]*X[n,c,s+p]", "stride=1, padding=0, dilation=1"),
    ("conv1d", {}, "dE/dF[k,c,d] = sum[n,i] dE/dO[n,k,i]*X[n,c,i+d]", "stride=1, padding=0, dilation=1"),
    ("add", {}, "dE/dY[i] = dE/dX[i]", ""),
    ("batch_norm", {}, "dE/dX[n,c] = dE/dY[n,c]/S[c]", ""),
    ("softmax", {}, "sum[c] dE/dX[n,c] = 0", ""),
    ("conv2d", {}, "dE/db[k] = sum[i,j] dE/dO[k,i,j]", "N=1"),
    ("prelu", {}, "dE/da[c] = dE/dO[c]*min(X[c],0)", "N=1"),
    ("softmax", {}, "dE/dX[c] = O[c]*(dE/dO[c] - sum[k] dE/dO[k]*O[k])", "L=1"),
    ("batch_norm", {}, "dE/dX[n,c] = dE/dO[n,c]*w/S", ""),
    ("O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]", {}, "dE/dX[h,w] = sum[p,q] dE/dO[h-p,w-q]*F[p,q]", ""),
]  # fmt: skip

# operation, its settings, a wrong claim, what is said of it
WRONG = [
    ("conv2d", {}, "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p,w+q]*F[k,c,p,q]", "the filter was not flipped"),
    ("conv2d", {"stride": 2}, "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,i+p,j+q]", "the stride was forgotten"),
    ("conv2d", {}, "dE/db[k] = sum[n,i] dE/dO[n,k,i,0]", "one row"),
    ("conv2d", {}, "I = floor((H+2*P_h-K_h)/s_h)", "the 1 that is added to the quotient is missing"),
    ("conv2d", {}, "I = floor((H+P_h-K_h)/s_h)+1", "padding was counted once"),
    ("conv1d", {}, "I = ceil((H-M)/s)+1", "the quotient was rounded up, not down"),
    ("avg_pool1d", {}, "I = ceil((H+2*P-M)/s)+1", "the quotient was rounded up, not down"),
    ("conv2d", {}, r"n_{out} = \left\lceil \frac{n_{in} + 2p - k}{s} \right\rceil + 1", "was rounded up, not down"),
    ("conv2d", {}, "parameters = K*C*K_h*K_w", "the biases were not counted"),
    ("linear", {}, "dE/dX[n,c] = sum[k] dE/dO[n,k]*W[c,k]", "a matrix was not transposed"),
    ("linear", {}, r"\frac{\partial L}{\partial W} = x \delta^T", "a matrix was not transposed"),
    ("linear", {}, r"\frac{\partial L}{\partial W} = X^T \frac{\partial L}{\partial O}", "a matrix was not transposed"),
    (
        "C[i,j] = sum[k] A[i,k]*B[k,j]",
        {},
        r"\frac{\partial L}{\partial B} = \frac{\partial L}{\partial C}^T A",
        "a matrix was not transposed",
    ),
    ("max_pool2d", {"kernel_size": 2}, "I = H-1", NO_MISTAKE),
    ("avg_pool2d", {"kernel_size": 2}, "dE/dX[n,c,h,w] = dE/dO[n,c,h//2,w//2]", ""),
    ("softmax", {}, "dE/dX[n,c] = dE/dO[n,c]*O[n,c]*(1-O[n,c])", ""),
    ("cross_entropy", {}, "dE/dX[n,c] = P[n,c]-[c==T[n]]", "the division by N was left out"),
    ("sigmoid", {}, "dE/dX[i] = dE/dO[i]*O[i]*(1+O[i])", "s(1+s)"),
    ("tanh", {}, "dE/dX[i] = dE/dO[i]*(1-O[i])", "1-tanh"),
    ("relu", {}, "dE/dX[i] = dE/dO[i]", "a factor was left out"),
    ("batch_norm", {}, "dE/dX[n,c] = dE/dO[n,c]/S[c]", "a factor was left out"),
    ("mse_loss", {}, "dE/dX[i] = (X[i]-Y[i])/L", "the 2 of the square was left out"),
    ("cross_entropy", {}, r"\frac{\partial L}{\partial z} = y - p", ""),
    ("cross_entropy", {}, r"\frac{\partial L}{\partial z} = N(p - y)", ""),
    ("cross_entropy", PROBABILITIES, r"\frac{\partial L}{\partial z_i} = p_i + y_i", ""),
    ("cross_entropy", PROBABILITIES, "dE/dX[n,c] = P[n,c]-T[n,c]", ""),
    ("mse_loss", {}, r"\frac{\partial L}{\partial \hat y} = \frac{1}{N}(\hat y - y)", "the 2 of the square"),
    ("linear", {}, r"\frac{\partial L}{\partial b} = -\sum_i \frac{\partial L}{\partial y_i}", "the sign is wrong"),
    (
        "linear",
        {},
        r"\frac{\partial L}{\partial b} = \frac{1}{N}\sum_i \frac{\partial L}{\partial y_i}",
        "divided by the batch size",
    ),
    (
        "batch_norm",
        TRAINING,
        r"\frac{\partial L}{\partial \beta} = -\sum_i \frac{\partial L}{\partial y_i}",
        "the sign is wrong",
    ),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial \gamma} = \sum_i \frac{\partial L}{\partial y_i} x_i", ""),
    ("batch_norm", TRAINING, r"\hat x_i = (x_i+\mu)/\sigma", "a term has the wrong sign"),
    ("batch_norm", TRAINING, r"\frac{\partial L}{\partial \hat{x}_i} = \frac{\partial L}{\partial y_i} \beta", ""),
    (
        "batch_norm",
        TRAINING,
        r"\frac{\partial L}{\partial x_i} = \frac{\gamma}{m\sigma} (m\frac{\partial L}{\partial y_i}"
        r" - \sum_j \frac{\partial L}{\partial y_j} + \hat{x}_i \sum_j \frac{\partial L}{\partial y_j}\hat{x}_j)",
        "",
    ),
    ("cross_entropy", {}, r"\frac{\partial L}{\partial z_i} = -\sum_j y_j (\delta_{ij} + p_i)", ""),
    ("cross_entropy", {}, r"\delta = p + y", ""),
    ("sigmoid", {}, r"\delta = \partial L/\partial a \odot \sigma(z), \quad \partial L/\partial z = \delta", ""),
    ("sigmoid", {}, r"\delta = \partial L/\partial a \odot \sigma'(z), \partial L/\partial z = 2\delta", "2 is too"),
    ("linear", {}, r"\delta = 2\frac{\partial L}{\partial y}; \frac{\partial L}{\partial W} = \delta x^T", "too many"),
    ("linear", {}, "dE/db[k] = sum[i] dE/dO[i]", ""),
    ("linear", {}, "dE/dX[n,c] = 2*dE/dX[n,c]", "too many"),
    ("mse_loss", {}, r"L = \frac{1}{2n}\sum_i (\hat y_i-y_i)^2", "a factor 2"),
    (ATTENTION, {}, r"\frac{\partial L}{\partial K} = \frac{1}{\sqrt{d_k}} \frac{\partial L}{\partial S} Q", ""),
    (ATTENTION, {}, r"O = \operatorname{softmax}\left(\frac{QK^T}{d}\right) V", ""),
    ("O[i] = sum[p] X[i+p]*F[p]", {}, "dE/dF[p] = -(sum[i] dE/dO[i]*X[i+p])", "sign"),
    ("mse_loss", {}, "dE/dX[i] = X[i]-Y[i]", "the division by N was left out, and the 2 of the square was left out"),
    ("mse_loss", {}, "dE/dX[i] = Y[i]-X[i]", "the 2 of the square was left out, and the sign is wrong"),
    ("softmax", {}, "dO[i]/dX[j] = O[i]*(1-O[j])", "[i==j] was taken to be 1"),
    ("softmax", {}, "dO[i]/dX[j] = O[i]*(1-O[i])*[i==j]", "only the diagonal was kept"),
    ("softmax", {}, "dO[i]/dX[j] = -O[i]*O[j]", "the diagonal was forgotten"),
    ("linear", {}, "dO[i]/dX[j] = W[j,i]", "the two indices were exchanged"),
    ("softmax", {}, "dO[i]/dX[j] = O[i]*([i==j]+O[j])", "a term has the wrong sign"),
    ("softmax", {}, "dE/dX[n,c] = sum[d] dE/dO[n,d]*O[n,d]*(1-O[n,c])", "[i==j] was taken to be 1"),
    ("log_softmax", {}, "dE/dX[n,c] = dE/dO[n,c]*(1-exp(O[n,c]))", "only the diagonal was kept"),
    ("batch_norm", {"training": True}, "dE/dX[n,c] = dE/dO[n,c]*w[c]/S[c]", "taken as constants"),
    ("batch_norm", {"training": True}, "dE/dX[n,c] = w[c]/S[c]*(dE/dO[n,c] - sum[m] dE/dO[m,c]/N)", "variance"),
    ("conv2d", {}, "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,i+p-1,j+q-1]", "indices that count from 1"),
    ("conv2d", {}, "O[n,k,i,j] = b[k] + sum[c,p,q] X[n,c,i+p+P_h,j+q+P_w]*F[k,c,p,q]", "the padding"),
    ("conv2d", {}, "O[n,k,i,j] = sum[c,p,q] X[n,c,i+p,j+q]*F[k,c,p,q]", "the bias was left out"),
    ("conv1d", {"stride": 2}, "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,i+2*p]", "the stride went with the filter's"),
    ("conv1d", {"stride": 2}, "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,2*(i+p)]", "the filter's index, too"),
    ("conv1d", {"dilation": 2}, "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,i+p]", "the dilation of the filter"),
    ("conv1d", {}, "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,i-p]", "the filter's index has the wrong sign"),
    ("relu", {}, "dE/dX[i] = dE/dO[i]*max(0,X[i])", "was taken for the mask"),
    ("relu", {}, "dE/dX[i] = max(dE/dO[i],0)", "the mask was taken of the gradient"),
    ("tanh", {}, "dE/dX[i] = dE/dO[i]*(1+O[i]^2)", "1+tanh^2"),
    ("tanh", {}, "dE/dX[i] = dE/dO[i]*O[i]*(1-O[i])", "another function's derivative"),
    ("cross_entropy", {}, "dE/dX[n,c] = ([c==T[n]]-P[n,c])/N", "the sign is wrong"),
    ("cross_entropy", {}, "dE/dX[n,c] = (P[n,c]-[c==T[n]])/C", "by the number of classes"),
    ("linear", {}, "O[n,k] = sum[c] X[n,c]*W[c,k] + b[k]", "a matrix was not transposed"),
    ("linear", {}, "dE/db[k] = dE/dO[0,k]", "one sample alone was counted"),
    ("avg_pool2d", {"kernel_size": 2}, "dE/dX[n,c,h,w] = dE/dO[n,c,h,w]/4", NO_MISTAKE),
    ("max_pool2d", {"kernel_size": 2}, "dE/dX[n,c,h,w] = dE/dO[n,c,h//2,w//2]", "every cell of a window"),
    ("linear", {}, "dE/db[k] = sum[n<N-1] dE/dO[n,k]", "a sum ends one term too early"),
    ("conv1d", {"stride": 2}, "dE/dF[k,c,p] = sum[n,s] dE/dO[n,k,s]*X[n,c,s+p]", "the stride was forgotten"),
    ("conv1d", {"dilation": 2}, "dE/dF[k,c,d] = sum[n,i] dE/dO[n,k,i]*X[n,c,i+d]", "the dilation of the filter"),
    ("add", {}, "dE/dY[i] = -dE/dX[i]", "sign"),
    ("mse_loss", {}, "dE/dY[i] = dE/dX[i]", "sign"),
    ("batch_norm", {}, "dE/dX[n,c] = dE/dY[n,c]*S[c]", "multiplied by what it must be divided by"),
    ("linear", {}, "dE/dW[k,c] = sum[n] dE/dO[n,k]*X[c]", "X lacks the sample index n"),
    ("linear", {}, "dE/dX[n,c] = sum[k] dE/dO[k]*W[k,c]", "dE/dO lacks the sample index n"),
    ("conv2d", {}, "dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[c,i+p,j+q]", "X lacks the sample index n"),
    ("conv2d", {}, "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[h-p,w-q]*F[k,c,p,q]", "dE/dO lacks the indices n, k"),
    ("conv2d", {}, "dE/dX[c,h,w] = sum[k,p,q] dE/dO[h-p,w-q]*F[c,p,q]", "dE/dO lacks the index k, and F lacks"),
    ("conv2d", {}, "dE/db[k] = sum[n,i,j] dE/dO[k,i,j]", "dE/dO lacks the sample index n"),
    ("conv2d", {}, "dE/db[k] = sum[i,j] dE/dO[i,j]", "dE/dO lacks the index k"),
    ("conv2d", {}, "dE/db[k] = sum[j] dE/dO[j]", "dE/dO lacks the indices k, i"),
    ("conv2d", {}, "dE/db = sum[j] dE/dO[j]", "dE/dO lacks the index i"),
    ("softmax", {}, "dE/dX[n,c] = O[c]*(dE/dO[n,c] - sum[k] dE/dO[n,k]*O[n,k])", "O lacks the sample index n"),
    ("cross_entropy", {}, "dE/dX[n,c] = P[c] - [c==T[n]]", "P lacks the sample index n"),
    ("prelu", {}, "dE/da[c] = sum[n] dE/dO[n,c]*min(X[c],0)", "X lacks the sample index n"),
    ("batch_norm", {}, "dE/dX[n,c] = dE/dO[n,c]*w*S", "multiplied by what it must be divided by"),
    ("O[i] = X[i]*M[i]/(1-q)", {}, "dE/dX[i] = dE/dO[i]*M[i]", "the divisor was left out"),
    ("O[i] = X[i]*M[i]/(1-q)", {}, "dE/dX[i] = dE/dO[i]*M[i]*(1-q)", "it was multiplied by what it must be divided by"),
]

# claims that hold only where entries and parameters are integers, and those that no entry of small worlds contradicts
INTEGERS = [
    ("tanh", "dE/dX[i] = dE/dO[i]*(1-O[i]^2) + 5*[X[i]==0.5]"),
    ("relu", "dE/dX[i] = cases(X[i]==1/2, 0, dE/dO[i]*[X[i]>0])"),
    ("linear", "dE/dX[n,c] = sum[k] dE/dO[n,k]*W[k,c]*(1-2*[W[k,c]==1/2])"),
    ("linear", "dE/dX[n,c] = sum[k] dE/dO[n,k]*W[k,c] + [0<=X[n,c]<C] - sum[m<C] [X[n,c]==m]"),
    ("leaky_relu", "dE/dX[i] = dE/dO[i]*([X[i]>0] + a*[X[i]<=0] + [a==1/7])"),
    ("tanh", r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial o_i}(1-o_i^2) + 5\mathbf 1[x_i=\frac12]"),
]

# operation, a wrong claim, the right formula as it is shown
SHOWN = [
    ("softmax", "dO[i]/dX[j] = O[i]*(1-O[j])", "dO[i]/dX[j] = O[j]*([i==j] - O[i])"),
    ("log_softmax", "dO[i]/dX[j] = 1-P[j]", "dO[i]/dX[j] = [i==j] - P[j]"),
    ("max_pool1d", "dE/dX[n,c,h] = dE/dO[n,c,h]",
     "dE/dX[n,c,h] = dE/dO[n,c,h//3]*[h%3==argmax[p1<3] X[n,c,3*(h//3)+p1]]"),
]  # fmt: skip
SATURATED = ["sigmoid", "tanh", "softmax"]

UNREADABLE = [
    ("sigmoid", "dE/dX[i = O[i]", "column 9"),
    ("sigmoid", "dE/dQ[i] = O[i]", "tensor Q"),
    ("sigmoid", "dE/dX[i] = O[j]", "j: got a name"),
    ("conv2d", "dE/dF[k,c,p,q] = sum[m] X[0,c,p+m,q]", "write sum[m<N]"),
    ("linear", "I = 3", "got a number that linear does not derive"),
    ("conv2d", "dE/dX[a,b,c,d,e] = 1", "expected X[n,c,h,w]"),
    ("sigmoid", "dE/dX[i] = dE/dO[i] = 1", "line by line"),
    ("sigmoid", "(" * 500 + "1", "column"),
    ("sigmoid", "x" * 20_000, "characters"),
    ("linear", "P = (W - b)/2", "got a number that linear does not derive"),
    ("sigmoid", "", ""),
    ("linear", "dE/db[k] = dE/dO[k]/N", "N: got a name"),
    ("linear", r"\frac{\partial L}{\partial W} = \sum_i x_i \frac{\partial L}{\partial y_i}^T", "write all their ind"),
]


@pytest.mark.parametrize(("op", "set_to", "text", "hypothesis"), RIGHT)
def test_a_right_claim_is_verified_under_what_it_needs_and_no_more(op, set_to, text, hypothesis) -> None:
    found = check_formula(text, op, **set_to)
    assert (found.verdict, found.hypothesis) == ("verified-under" if hypothesis else "verified", hypothesis)
    assert found.reason.startswith("proved for all sizes")
    assert found.diagnosis == "" or found.diagnosis.startswith("elsewhere ")


@pytest.mark.parametrize(("op", "set_to", "text", "said"), WRONG)
def test_a_wrong_claim_is_refuted_and_diagnosed_with_the_right_formula(op, set_to, text, said) -> None:
    found = check_formula(text, op, **set_to)
    assert found.verdict == "refuted"
    assert said in found.diagnosis
    assert found.witness is not None
    assert found.witness.got != found.witness.expected
    again = check_formula(found.right, op, **set_to)
    assert again.verdict in ("verified", "verified-under")


@pytest.mark.parametrize(("op", "text"), INTEGERS)
def test_what_holds_of_integers_alone_is_not_verified(op, text) -> None:
    assert not check_formula(text, op).good


@pytest.mark.parametrize("threshold", ["1/2", "1", "1/1000", "-1/1000", "-1"])
def test_a_threshold_that_is_not_0_is_refuted(threshold) -> None:
    assert check_formula(f"dE/dX[i] = dE/dO[i]*[X[i]>{threshold}]", "relu").verdict == "refuted"


@pytest.mark.parametrize(("op", "text", "right"), SHOWN)
def test_the_right_formula_is_shown_in_terms_of_outputs_and_without_guards_that_always_hold(op, text, right) -> None:
    pooling = {"kernel_size": 3} if op == "max_pool1d" else {}
    assert check_formula(text, op, **pooling).right == right
    assert check_formula(right, op, **pooling).good


@pytest.mark.parametrize("name", SATURATED)
def test_a_witness_under_a_function_is_no_saturated_one(name) -> None:
    found = check_formula("dE/dX[n,c] = 2*dE/dO[n,c]*O[n,c]", name)
    assert found.witness is not None
    assert abs(float(found.witness.plain()["expected"]) - float(found.witness.plain()["got"])) > 0.1
    assert all(abs(Fraction(x)) < 10 for row in found.witness.data["X"] for x in row)


@pytest.mark.parametrize(("op", "text", "said"), UNREADABLE)
def test_what_cannot_be_read_says_where_and_what_to_do(op, text, said) -> None:
    with pytest.raises(BackproofError, match=r"\w") as error:
        check_formula(text, op)
    assert said in str(error.value)


# -- the mistakes of the catalogue -------------------------------------------------------------------------------------

MISTAKEN = [
    (name, tensor.name, mistake, wrong)
    for name in ("sigmoid", "tanh", "softmax", "linear", "mse_loss", "cross_entropy")
    for tensor in derive.op(name).differentiable
    for mistake, wrong in wrong_formulas(derive.op(name), tensor.name)
]


def true_again(name: str, formula, verdict: Verdict) -> Fraction | int | None:
    """The claimed value at the witness, evaluated from what the witness holds; labels are data too."""
    op, w = derive.op(name), verdict.witness
    assert w is not None
    arrays = {n: _array(values) for n, values in w.data.items()}
    formulas = {e.target: Formula(e.names, tuple(b.extent for b in op.tensor(e.target).axes), e.body)
                for e in op.equations}  # fmt: skip
    return World(w.sizes, arrays, formulas).value(formula, dict(w.index))


def _array(values) -> Array:
    shape, flat = [], [values]
    while isinstance(flat[0], list):
        shape.append(len(flat[0]))
        flat = [x for part in flat for x in part]
    return Array(tuple(shape), tuple(flat))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "linear", "mse_loss", "cross_entropy"])
def test_every_mistaken_formula_is_refuted_by_a_witness_that_is_true_again(name) -> None:
    for own, wrt, mistake, wrong in (m for m in MISTAKEN if m[0] == name):
        d = derive.gradient(derive.op(own), wrt)
        found = compare(d.op, d.axes, wrong, d.formula)
        assert found.verdict == "refuted", mistake.sentence
        assert true_again(own, wrong, found) != true_again(own, d.formula, found), mistake.sentence


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "mse_loss"])
def test_no_diagnosis_is_false_it_is_the_mistake_or_one_that_leads_to_an_equal_formula(name) -> None:
    for own, wrt, mistake, wrong in (m for m in MISTAKEN if m[0] == name):
        d = derive.gradient(derive.op(own), wrt)
        left = f"dE/d{wrt}" + (f"[{','.join(b.name for b in d.axes)}]" if d.axes else "")
        found = check_formula(f"{left} = {show(wrong)}", own)
        if found.hypothesis == "E=O" and found.verdict == "verified-under":
            continue  # a loss's own gradient may be taken to be 1
        assert found.verdict == "refuted"
        said = [w for m, w in wrong_formulas(d.op, wrt) if m.sentence == found.diagnosis]
        assert any(agree(d.op, d.axes, wrong, w) for w in said), (mistake.sentence, found.diagnosis)


# -- clean formulas in any dress ---------------------------------------------------------------------------------------

CLEAN = [("conv2d", "F", {"stride": 1, "padding": 0, "dilation": 1}), ("linear", "W", {}), ("softmax", "X", {}),
         ("cross_entropy", "X", {}), ("sigmoid", "X", {}), ("batch_norm", "w", {})]  # fmt: skip
LETTERS = ["alpha", "beta", "gamma", "u1", "v2", "zeta", "eta", "kappa"]


def in_another_order(e, draw):
    """The expression with the items of sums and products in a drawn order."""
    parts = tuple(in_another_order(p, draw) for p in e.parts)
    if type(e).__name__ in ("Add", "Mul"):
        parts = tuple(draw(st.permutations(parts)))
    return e.with_parts(parts) if parts else e


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_clean_formula_is_verified_whatever_its_letters_and_its_order(data) -> None:
    name, wrt, set_to = data.draw(st.sampled_from(CLEAN))
    d = derive.gradient(derive.op(name, **set_to), wrt)
    letters = data.draw(st.permutations(LETTERS))
    renaming = {b.name: index(new) for b, new in zip(d.axes, letters, strict=False)}
    right = in_another_order(substitute(d.formula, renaming), data.draw)
    left = f"dE/d{wrt}[{','.join(i.name for i in renaming.values())}]"
    assert (
        check_formula(f"{left} = {show(right, bounds=data.draw(st.booleans()))}", name, **set_to).verdict == "verified"
    )


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="dEXFO[]()=+-*/<>,.0123 nkcpqsumax_^{}\\", max_size=60))
def test_any_text_is_read_or_refused_in_words(text) -> None:
    with contextlib.suppress(BackproofError):
        assert check_formula(text, "linear").verdict


# -- comparison --------------------------------------------------------------------------------------------------------


def test_equality_up_to_names_and_order_sees_nothing_else() -> None:
    a = parse_expr("sum[i<N,j<M] A[i,j]*(x + B[j])")
    assert same(a, parse_expr("sum[u<M] sum[v<N] (B[u] + x)*A[v,u]"))
    assert not same(a, parse_expr("sum[i<N,j<M] A[j,i]*(x + B[j])"))
    assert not same(a, parse_expr("sum[i<M,j<N] A[i,j]*(x + B[j])"))


def test_an_identity_between_expressions_is_refuted_with_both_values() -> None:
    found = check_formula(r"\sigma'(x) = \sigma(x)(1+\sigma(x))", "sigmoid")
    assert (found.verdict, found.right) == ("refuted", "sigmoid(X[...])*(1 - sigmoid(X[...]))")
    assert check_formula("1 - O[i] = sigmoid(X[i])", "sigmoid").verdict == "refuted"
    assert check_formula("sum[c] dE/dX[n,c] = 1", "softmax").verdict == "refuted"


def test_a_claim_with_some_symbols_is_told_what_goes_wrong_without_the_others() -> None:
    found = check_formula("dE/dF[k,c,p,q] = sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,i+d_h*p-P_h,j+d_w*q-P_w]", "conv2d")
    assert (found.verdict, found.hypothesis) == ("verified-under", "stride=1")
    assert found.diagnosis == "elsewhere the stride was forgotten"


def test_axes_that_were_exchanged_are_told_apart_where_all_arguments_are_symbols() -> None:
    d = derive.gradient("conv2d", "F")
    swapped = "sum[n<N,i<I,j<J] dE/dO[n,k,i,j]*X[n,c,s_w*i+d_h*p-P_h,s_h*j+d_w*q-P_w]"
    assert compare(d.op, d.axes, parse_expr(swapped), d.formula).verdict == "refuted"


@pytest.mark.parametrize("bound", [8, 64])
def test_a_difference_beyond_the_sizes_that_are_tried_is_found_by_the_solver_and_confirmed(bound) -> None:
    found = check_formula(f"dE/dX[n,c] = sum[k] dE/dO[n,k]*W[k,c]*[c<{bound}]", "linear")
    assert found.verdict == "refuted"
    assert found.witness is not None
    assert found.diagnosis == NO_MISTAKE
    assert found.witness.sizes["C"] == bound + 1
    assert found.witness.index["c"] == bound
    assert found.witness.got == 0 != found.witness.expected


@pytest.mark.parametrize(("told", "word"), [("[1<=C]", "verified"), ("[2<=C]", "verified-under")])
def test_a_proof_is_told_with_the_hypotheses_that_the_operation_does_not_make(told, word, monkeypatch) -> None:
    d = derive.gradient("linear", "X")
    op = replace(d.op, require=(parse_expr("[1<=C]"),))
    monkeypatch.setattr(prove, "equal", lambda *_: prove.Proved((told,)))
    found = compare(op, d.axes, mul((d.formula, parse_expr("[c<64]"))), d.formula)
    assert (found.verdict, found.hypothesis) == (word, told if word == "verified-under" else "")


def test_what_no_method_proves_is_undecided_and_says_how_much_was_tested() -> None:
    op = derive.op("O[i] = sin(X[i])")
    d = derive.gradient(op, "X")
    found = compare(op, d.axes, parse_expr("dE/dO[i]*(1 - 2*sin(X[i]/2)^2)"), d.formula)
    assert found.verdict in ("undecided", "refuted")
