"""How fast training steps and single operations are, beside others that compute the same in the same process."""
