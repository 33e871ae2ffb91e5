"""The Windows installer: what it holds, and how it is built without a Windows."""
