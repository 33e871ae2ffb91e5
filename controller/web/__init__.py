"""What every page shares: the site, guards, forms, refusals, words, paging."""
