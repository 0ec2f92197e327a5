if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal commentstring=#\ %s comments=b:##,b:# expandtab shiftwidth=2 softtabstop=2
setlocal makeprg=cosmosql\ check\ %:S
setlocal errorformat=%Eerror[E%n]:\ %m,%Wwarning[W%n]:\ %m,%C\ %#-->\ %f:%l:%c,%-G%.%#
let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth<"
let b:undo_ftplugin .= " softtabstop< makeprg< errorformat<"
