"""Commands that show what the product promises, on real data and real processes. Each ends with 1 on any breach."""
