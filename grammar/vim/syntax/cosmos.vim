" Written by `python -m cosmosql.highlight.vim`.
if exists("b:current_syntax")
  finish
endif
syn match cosmosName '\v\h\w*' contained
syn match cosmosAttribute '\v%(^|\{)\s*\zs%(trust_remote_code|batch_discount|learning_rate|cached_input|accelerator|calibration|instruction|utilisation|batch_size|cache_from|max_tokens|neighbours|parameters|peak_flops|validation|bandwidth|delimiter|most_rows|retriever|separator|requests|revision|template|assumed|choices|context|dropout|licence|column|config|corpus|epochs|labels|memory|method|metric|output|signal|source|stages|strays|target|tokens|alpha|as_of|costs|defer|dtype|group|input|model|money|order|price|seeds|share|shots|sizes|split|stays|steps|train|cost|data|over|rank|rows|seed|task|test|wall|id|k1|on|b)\ze\s*\=\=@!'
syn match cosmosSection '\v%(^|\{)\s*\zs\h\w*\ze\s*\{'
syn match cosmosKind '\v^\s*%(template\s+)?\zs%(retriever|hardware|strategy|dataset|budget|policy|model|price|probe|query|task)\ze\s+\h\w*' nextgroup=cosmosName skipwhite
syn match cosmosKind '\v<%(retriever|hardware|strategy|dataset|budget|policy|model|price|probe|query|task)\ze\.'
syn match cosmosKeyword '\v^\s*\zs%(language|import|param|let|template)>\ze\s'
syn match cosmosKeyword '\v<%(extends|using|as)>\ze\s+\h\w*'
syn match cosmosKeyword '\v\.@1<!<%(confidence|within|when|with|to)>\ze\s+%([0-9A-Za-z_"(\[]|-\S)'
syn match cosmosClause '\v%(^|\{)\s*\zs%(escalate|maximize|minimize|measure|require|decide|among|for)>'
syn match cosmosBoolean '\v\.@1<!<%(false|true)>\ze%(\s*[.(\=])@!'
syn match cosmosFunction '\v<%(sweep)\ze\('
syn match cosmosMeasure '\v\.@1<!<%(completion_tokens|cached_tokens|endpoint_cost|prompt_tokens|exact_match|latency_p50|latency_p95|latency_p99|adapt_cost|batch_cost|serve_cost|accuracy|macro_f1|token_f1|latency|labels|memory)>\ze%(\s*\=[^\=]|\.)@!'
syn match cosmosWrongUnit '\v%(%(with|within|when|and|or)>)@!\a[0-9A-Za-z_/-]*' contained
syn match cosmosUnit '\v%(examples|requests|example|minutes|request|seconds|labels|minute|months|second|tokens|GFLOP|PFLOP|TFLOP|bytes|hours|label|month|token|years|FLOP|GPUs|Mtok|byte|days|hour|ktok|rows|year|AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GPU|GTQ|GYD|GiB|HKD|HNL|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|KiB|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|MiB|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|TiB|UAH|UGX|USD|UYU|UZS|VED|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG|day|min|row|sec|tok|GB|KB|MB|TB|ms|pp|us|[%]|B|d|h|s)%([-/]%(examples|requests|example|minutes|request|seconds|labels|minute|months|second|tokens|GFLOP|PFLOP|TFLOP|bytes|hours|label|month|token|years|FLOP|GPUs|Mtok|byte|days|hour|ktok|rows|year|AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GPU|GTQ|GYD|GiB|HKD|HNL|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|KiB|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|MiB|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|TiB|UAH|UGX|USD|UYU|UZS|VED|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG|day|min|row|sec|tok|GB|KB|MB|TB|ms|pp|us|[%]|B|d|h|s))*%([0-9A-Za-z_]|[-/]\a)@!' contained
syn match cosmosNumber '\v<\d[0-9_]*%(\.[0-9_]+)?%([eE][+-]?\d+)?' nextgroup=cosmosUnit,cosmosWrongUnit skipwhite
syn region cosmosText start='"' skip='\\.' end='"' end='$' contains=cosmosEscape,cosmosColumn,cosmosWrongEscape oneline
syn match cosmosWrongEscape '\v\\.' contained
syn match cosmosEscape '\v\\["\\nt]|\{\{|\}\}' contained
syn match cosmosColumn '\v\{[^{}"\\]+\}' contained
syn match cosmosAllowed '\v(#\s*)@<=allow\s+\a\d+(\s*,\s*\a\d+)*' contained
syn match cosmosComment '\v#.*$' contains=@Spell,cosmosAllowed
syn match cosmosDoc '\v^\s*##.*$' contains=@Spell
hi def link cosmosComment Comment
hi def link cosmosAllowed PreProc
hi def link cosmosDoc SpecialComment
hi def link cosmosText String
hi def link cosmosEscape SpecialChar
hi def link cosmosColumn Identifier
hi def link cosmosNumber Number
hi def link cosmosUnit Type
hi def link cosmosBoolean Boolean
hi def link cosmosKeyword Keyword
hi def link cosmosClause Statement
hi def link cosmosKind Structure
hi def link cosmosName Function
hi def link cosmosAttribute Identifier
hi def link cosmosSection Label
hi def link cosmosFunction Function
hi def link cosmosMeasure Constant
hi def link cosmosWrongUnit Error
hi def link cosmosWrongEscape Error
let b:current_syntax = "cosmos"
