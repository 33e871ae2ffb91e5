"""This package plays a school and its department through every fault, and holds a list against."""
