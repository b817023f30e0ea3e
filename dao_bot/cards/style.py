"""The style sheet of the page: light and dark, phone and print. Blue, orange and grey stay apart for every eye."""

LIGHT = """\
--bg:#f3f5f8;--card:#fff;--ink:#141a22;--muted:#5a6675;--line:#dde2e9;--track:#e9edf2;
--blue:#0b62c1;--soft:#dcebfb;--grey:#9aa5b3;--orange:#b93f08;--orange-soft:#fde9de;
--amber:#7c5200;--amber-soft:#fbf0d6;--teal:#0a7a6c;--teal-soft:#d9f1ed"""

DARK = """\
--bg:#0d1117;--card:#161c24;--ink:#e8ecf1;--muted:#9aa6b5;--line:#2a323d;--track:#232b36;
--blue:#6db3ff;--soft:#14304f;--grey:#667284;--orange:#ff8f5e;--orange-soft:#43200f;
--amber:#f2bf58;--amber-soft:#3a2c0c;--teal:#4fd0bd;--teal-soft:#0e3732"""

PLOT_CSS = """\
svg text{font-size:12px;fill:var(--ink)}
svg .name{font-weight:650}svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg text.muted{fill:var(--muted)}svg text.bad{fill:var(--orange);font-weight:650}
svg text.tight{fill:var(--amber);font-weight:650}
svg .before{fill:var(--grey)}svg .after{fill:var(--blue)}svg .realised{fill:var(--teal)}
svg .worst,svg .broken{fill:var(--orange)}
svg .track{fill:var(--track)}svg .forbidden{fill:url(#hatch)}
svg .hatch{stroke:var(--orange);stroke-width:2;opacity:.55}
svg .limit{stroke:var(--orange);stroke-width:2.5}
svg .before-mark{stroke:var(--ink);stroke-width:2;stroke-dasharray:3 2}
svg .grid{stroke:var(--line)}svg .zero{stroke:var(--muted)}
svg .band{fill:var(--soft)}
svg .source{stroke:var(--card);stroke-width:1}
svg .source-0{fill:var(--blue)}svg .source-1{fill:var(--orange)}svg .source-2{fill:var(--teal)}
svg .source-3{fill:var(--amber)}
svg .stale{fill:none;stroke:var(--muted);stroke-width:1.5;stroke-dasharray:2 2}
svg .trace{fill:none;stroke:var(--blue);stroke-width:1.5;stroke-linejoin:round}
"""

CSS = (
    """
:root{color-scheme:light dark;
"""
    + LIGHT
    + """}
@media (prefers-color-scheme:dark){:root{
"""
    + DARK
    + """}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:1120px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:clamp(1.5rem,3.4vw,2.15rem);line-height:1.2;margin:10px 0 6px;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.12rem;margin:0 0 12px}
h3{font-size:.95rem;margin:22px 0 8px}
p{margin:0 0 10px}
.muted{color:var(--muted)}
.small{font-size:.86rem}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;
overflow-wrap:anywhere}
.pill{display:inline-block;border-radius:99px;padding:3px 13px;font-size:.88rem;font-weight:650;
background:var(--track);color:var(--ink)}
.pill.active{background:var(--soft);color:var(--blue)}
.pill.good{background:var(--teal-soft);color:var(--teal)}
.pill.caution{background:var(--amber-soft);color:var(--amber)}
.pill.danger{background:var(--orange);color:var(--card)}
.pills{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
section,.hero>div{background:var(--card);border:1px solid var(--line);border-radius:14px}
section{padding:22px 24px;margin-top:18px}
.hero{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin-top:18px}
.hero>div{padding:16px 18px;min-width:0}
.hero h2{font-size:.82rem;font-weight:600;color:var(--muted);margin:0 0 6px}
.big{font-size:1.34rem;font-weight:700;line-height:1.28;letter-spacing:-.01em;margin:0}
.big+.big{margin-top:2px}
.hero .small{margin:4px 0 0}
.out{color:var(--orange)}.in{color:var(--blue)}
.story{display:grid;grid-template-columns:9.5rem 1fr;gap:10px 18px;margin:0}
.story dt{font-weight:650}.story dd{margin:0}
.concerns{list-style:none;margin:16px 0 0;padding:0;display:grid;gap:8px}
.concerns li{border-left:4px solid var(--grey);padding:0 12px;border-radius:0 8px 8px 0}
.concerns .neutral{color:var(--muted);font-size:.92rem}
.concerns .caution,.concerns .danger{padding:7px 12px}
.concerns .caution{border-color:var(--amber);background:var(--amber-soft)}
.concerns .danger{border-color:var(--orange);background:var(--orange-soft);font-weight:600}
.concerns b{margin-right:8px}
.two{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:30px;align-items:start}
.even{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;font-weight:650;padding-bottom:6px}
th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:600;font-size:.82rem;white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
.r{text-align:right;white-space:nowrap}
tr.still{color:var(--muted)}
tr.broken td,tr.broken th{color:var(--orange)}
tr.tight td:first-child,tr.tight th:first-child{box-shadow:inset 3px 0 var(--amber);padding-left:10px}
tr.broken td:first-child,tr.broken th:first-child{box-shadow:inset 3px 0 var(--orange);padding-left:10px}
tbody th{font-weight:650;min-width:8.5rem}
tbody th.sym{min-width:0}
.why{display:block;font-weight:400}
.checks{list-style:none;margin:0;padding:0;display:grid;gap:9px;font-size:.92rem}
.checks .broken{color:var(--orange);font-weight:600}
section>div+table,section>div+details,section>:is(table,ul)+div{margin-top:26px}
section>table+:is(details,ul){margin-top:14px}
.problem{color:var(--orange);font-weight:650}
.sym,.tag{white-space:nowrap}
.tag{color:var(--muted)}
.tag.broken{color:var(--orange);font-weight:650}.tag.tight{color:var(--amber);font-weight:650}
ol.calls{margin:0;padding:0;list-style:none;display:grid;gap:12px}
ol.calls>li{display:grid;grid-template-columns:2.1rem minmax(0,1fr)}
ol.calls .n{width:1.6rem;height:1.6rem;border-radius:50%;background:var(--soft);color:var(--blue);
font-weight:700;font-size:.82rem;display:grid;place-items:center}
ol.calls li.danger .n{background:var(--orange-soft);color:var(--orange)}
details{margin-top:4px}
summary{cursor:pointer;color:var(--muted);font-size:.86rem}
details table{margin-top:6px}
.only-narrow{display:none}
blockquote{margin:0 0 14px;padding:2px 0 2px 16px;border-left:3px solid var(--line)}
blockquote p:last-child{margin:0}
dl.facts{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:6px 18px;margin:0}
dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;min-width:0}
figure{margin:0;min-width:0}
figcaption{font-weight:650;font-size:.92rem;margin-bottom:8px}
figure+figure{margin-top:22px}.two>figure+figure{margin-top:0}section+header{margin-top:44px}
footer{margin-top:22px;color:var(--muted);font-size:.84rem}
svg.plot{display:block;width:100%;max-width:480px;height:auto;overflow:visible}
"""
    + PLOT_CSS
    + """@supports selector(::details-content){@media (min-width:620.1px),print{
details.narrow>summary{display:none}details.narrow::details-content{content-visibility:visible;height:auto}
details.narrow{margin-top:0}dl+details.narrow{margin-top:6px}}}
@media (max-width:900px){.hero{grid-template-columns:1fr 1fr}.two{grid-template-columns:minmax(0,1fr)}}
@media (max-width:620px){main{padding:16px 12px 40px}section{padding:18px 16px;border-radius:12px}
.hero{gap:10px}.hero>div{padding:13px 14px}.big{font-size:1.1rem}.mono{font-size:.78em}
.story{grid-template-columns:minmax(0,1fr);gap:2px}.story dd{margin-bottom:10px}
dl.facts{grid-template-columns:5.8rem minmax(0,1fr);gap:7px 12px;font-size:.93rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:block;padding:8px 0;border-bottom:1px solid var(--line)}
tbody tr:last-child{border-bottom:0}
tbody th,tbody td{display:flex;justify-content:space-between;gap:16px;border:0;padding:2px 0;white-space:normal;
text-align:right}
tbody th{text-align:left}
tbody td:empty{display:none}
tbody td::before{content:attr(data-label);color:var(--muted);text-align:left;white-space:nowrap}
tbody td.wide{display:block;text-align:left}tbody td.wide::before{content:none}
.only-narrow{display:block}.two{gap:16px}details.narrow>summary{padding:5px 0}
tr:is(.moved,.rule){display:flex;flex-wrap:wrap;gap:0 7px}
tr:is(.moved,.rule) td::before{content:none}
tr:is(.moved,.rule) td:is([data-label=after],[data-label=expected])::before{content:"→"}
tr.rule td[data-label=before]:empty+td::before{content:none}
tr:is(.moved,.rule) td:is([data-label=after],[data-label=expected]){gap:7px}
tr.rule th{flex:0 0 100%}tr.rule td{font-size:.86rem;text-align:left}tr.rule td[data-label=verdict]{margin-left:auto}
tr.moved th{flex:1}tr.moved td:is([data-label=change],[data-label=realised]){order:1}
tr.moved::after{content:"";flex:0 0 100%;order:2}
tr.moved td:is([data-label=before],[data-label=expected],[data-label=share]){order:3;font-size:.9em;color:var(--muted)}
tr.moved td[data-label=share]{margin-left:auto}
.pairs tr{display:flex;justify-content:space-between;gap:16px;padding:5px 0}
.pairs :is(th,td){padding:0}
.calls summary{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.calls [open] summary{white-space:normal}
tr.still,tr:has(td.wide.small){display:grid;grid-template-columns:minmax(0,1fr) auto minmax(4.6rem,auto);gap:0 14px}
:is(tr.still,tr:has(td.wide.small)) td::before{content:none}
tr.still td[data-label=expected]{display:none}tr td.wide.small{grid-column:1/-1}
:is(tr.still,tr:has(td.wide.small)) td:not(.wide){justify-content:end}
tr.tight,tr.broken{padding-left:10px;box-shadow:inset 3px 0 var(--amber)}
tr.broken{box-shadow:inset 3px 0 var(--orange)}
tr.tight th:first-child,tr.broken th:first-child{box-shadow:none;padding-left:0}}
@media screen and (max-width:620px){details.narrow>h3{display:none}}
@media print{:root{--bg:#fff}body{font-size:11pt}main{max-width:none;padding:0}
section,.hero>div{border-color:#bbb}figure,tr,li,.hero,dl{break-inside:avoid}
h2{break-after:avoid}section{padding:12px 14px;margin-top:10px}
details::details-content{content-visibility:visible;height:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
)
