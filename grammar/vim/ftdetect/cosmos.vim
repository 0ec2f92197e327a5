au BufRead,BufNewFile *.cosmos setfiletype cosmos
