"""Files of rows, whoever made them: cells, texts, names, errors."""
