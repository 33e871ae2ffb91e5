"""What LopHoc's programs say to each other, and how it surely arrives."""

__version__ = "0.1.0"
