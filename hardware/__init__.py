"""This package turns what a machine can sense into LopHoc's own frozen values."""
