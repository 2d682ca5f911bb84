"""What the notation means, exactly: the definition that laws, kernels and checks answer to."""
