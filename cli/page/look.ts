/** How pages look. Colours are chosen for a contrast of 4.5 and more in both themes. */
export const LOOK = `
:root{color-scheme:light;--back:#fff;--front:#1c2128;--soft:#57606a;--line:#d8dee4;--panel:#f6f8fa;--accent:#0757ba;--good:#11632a;--good-back:#ddf4e4;--bad:#a40e26;--bad-back:#ffebe9;--warn:#7d4e00;--warn-back:#fff5d6;--quiet-back:#eef1f4;--code:#f3f5f7;--bar:#3b82d6}
:root[data-theme=dark]{color-scheme:dark;--back:#0f1319;--front:#e4e9ef;--soft:#9aa7b4;--line:#2b323b;--panel:#161b22;--accent:#79b8ff;--good:#6fdd8b;--good-back:#10291a;--bad:#ff9492;--bad-back:#3b1518;--warn:#f0c052;--warn-back:#33270a;--quiet-back:#1d242c;--code:#1a2028;--bar:#5aa2f0}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--back:#0f1319;--front:#e4e9ef;--soft:#9aa7b4;--line:#2b323b;--panel:#161b22;--accent:#79b8ff;--good:#6fdd8b;--good-back:#10291a;--bad:#ff9492;--bad-back:#3b1518;--warn:#f0c052;--warn-back:#33270a;--quiet-back:#1d242c;--code:#1a2028;--bar:#5aa2f0}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--back);color:var(--front);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
a{color:var(--accent)}
a:focus-visible,button:focus-visible,summary:focus-visible,pre:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-100vw}.skip:focus{left:1rem;top:1rem;background:var(--back);padding:.5rem 1rem;z-index:9}
.page{display:grid;grid-template-columns:minmax(0,1fr);max-width:84rem;margin:0 auto;padding:0 1.25rem}
@media (min-width:64rem){.page{grid-template-columns:17rem minmax(0,1fr);gap:3rem}}
header.top{padding:2.2rem 0 .4rem}
.eyebrow{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;color:var(--soft);font-size:.9rem;margin:0}
h1{font-size:clamp(1.6rem,4.5vw,2.3rem);line-height:1.2;letter-spacing:-.02em;margin:.5rem 0 .8rem;text-wrap:balance}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:2.6rem 0 .8rem}
h3{font-size:1.12rem;line-height:1.35;margin:0}
h4,h5,h6{font-size:1rem;margin:1.2rem 0 .4rem}
.contents{font-size:.9rem}
@media (min-width:64rem){.contents{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:2.4rem 0}}
.contents summary{cursor:pointer;font-weight:600;padding:.3rem 0}
.contents ol{list-style:none;margin:.4rem 0;padding:0}
.contents a{display:flex;gap:.6rem;padding:.18rem .5rem;border-radius:6px;color:inherit;text-decoration:none}
.contents a:hover,.contents a[aria-current]{background:var(--quiet-back)}
.contents .number{color:var(--soft);min-width:1.5em;text-align:right;font-variant-numeric:tabular-nums}
.contents .mark{width:1em}
main{min-width:0;padding-bottom:5rem}
.prose{max-width:44rem}.prose p,.prose ul,.prose ol{margin:.8rem 0}.prose li{margin:.25rem 0}
.prose table{border-collapse:collapse;display:block;overflow:auto}.prose td,.prose th{border:1px solid var(--line);padding:.3rem .6rem;text-align:left}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
:not(pre)>code{background:var(--code);padding:.12em .36em;border-radius:5px;overflow-wrap:anywhere}
pre{margin:0;white-space:pre;overflow:auto;line-height:1.5}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:1.4rem 0;padding:0}
.facts div{background:var(--back);padding:.6rem .9rem}.facts dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.badge{display:inline-flex;gap:.35em;align-items:center;border-radius:99px;padding:.06rem .6rem;font-size:.82rem;font-weight:600;background:var(--quiet-back);color:var(--soft);white-space:nowrap}
.badge.good{background:var(--good-back);color:var(--good)}.badge.bad{background:var(--bad-back);color:var(--bad)}.badge.warn{background:var(--warn-back);color:var(--warn)}
.failure{border:1px solid var(--bad);border-left-width:5px;border-radius:10px;background:var(--bad-back);padding:1rem 1.2rem;margin:1.4rem 0}
.failure h2{margin:0 0 .4rem;color:var(--bad);font-size:1.1rem}
.failure dl,.problem dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1rem;margin:.6rem 0 0}
.failure dt,.problem dt{color:var(--soft)}.failure dd,.problem dd{margin:0;min-width:0}.failure pre,.problem pre{white-space:pre-wrap;overflow-wrap:anywhere}
.scroller{overflow:auto;border:1px solid var(--line);border-radius:10px;background:var(--panel);padding:.8rem}
.diagram{display:block;margin:0 auto;max-width:none}
.edge{fill:none;stroke:var(--soft);stroke-opacity:.55;stroke-width:1.3}#tip path{fill:var(--soft)}
.node rect{fill:var(--back);stroke:var(--line);stroke-width:1.3}.node text{fill:var(--front);font:12.5px system-ui,sans-serif}.node .number{fill:var(--soft)}
.node.good rect{stroke:var(--good)}.node.bad rect{stroke:var(--bad);stroke-width:2.4;fill:var(--bad-back)}.node.warn rect{stroke:var(--warn);fill:var(--warn-back)}.node.quiet rect{stroke-dasharray:4 3}
.node:hover rect,.node:focus rect{stroke:var(--accent);stroke-width:2.2}
.timeline{display:grid;gap:1px}
.bar-row{display:grid;grid-template-columns:minmax(6rem,16rem) 1fr 4.6rem;gap:.8rem;align-items:center;color:inherit;text-decoration:none;font-size:.86rem;padding:.1rem .3rem;border-radius:5px}
.bar-row:hover{background:var(--quiet-back)}.bar-title{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.bar-time{text-align:right;color:var(--soft);font-variant-numeric:tabular-nums}
.bar-track{background:var(--quiet-back);border-radius:4px;height:.72rem;overflow:hidden}.bar{display:block;height:100%;border-radius:4px;background:var(--bar);min-width:2px}.bar.bad{background:var(--bad)}.bar.warn{background:var(--warn)}
@media (max-width:36rem){.bar-row{grid-template-columns:minmax(5rem,8.5rem) 1fr 3.9rem;gap:.5rem}}
.step{border-top:1px solid var(--line);padding:1.5rem 0 .6rem}
.step.current{box-shadow:-1.25rem 0 0 -1rem var(--accent)}
.step-head{display:flex;flex-wrap:wrap;gap:.35rem .7rem;align-items:baseline}.step-head .number{color:var(--soft);font-variant-numeric:tabular-nums}
.step-head .anchor{color:var(--soft);text-decoration:none}.meta{color:var(--soft);font-size:.85rem;margin-left:auto;font-variant-numeric:tabular-nums}
.command{position:relative;background:var(--code);border:1px solid var(--line);border-radius:9px;margin:.9rem 0 .5rem}
.command pre{padding:.8rem 4.6rem .8rem .9rem}
.copy{position:absolute;top:.45rem;right:.45rem}
button{font:inherit;font-size:.82rem;color:var(--front);background:var(--back);border:1px solid var(--line);border-radius:7px;padding:.2rem .6rem;cursor:pointer}button:hover{border-color:var(--accent)}
.tools{display:flex;flex-wrap:wrap;gap:.5rem;margin:.4rem 0 0}
details.output{border:1px solid var(--line);border-radius:9px;margin:.5rem 0}details.output>summary{cursor:pointer;padding:.35rem .9rem;color:var(--soft);font-size:.88rem}details.output>pre{padding:.2rem .9rem .8rem;max-height:28rem}
.checks{list-style:none;margin:.6rem 0;padding:0;font-size:.93rem}.checks>li{display:grid;grid-template-columns:1.3em minmax(0,1fr);margin:.3rem 0}.checks .mark{color:var(--good)}.checks .seen{color:var(--soft);font-size:.9em;white-space:pre-wrap;overflow-wrap:anywhere}
.checks pre{white-space:pre-wrap;overflow-wrap:anywhere}
.hljs-keyword,.hljs-built_in{color:var(--accent)}.hljs-string{color:var(--good)}.hljs-comment{color:var(--soft)}.hljs-variable,.hljs-subst,.hljs-attr{color:var(--warn)}
dialog{border:1px solid var(--line);border-radius:12px;background:var(--back);color:var(--front);padding:1.2rem 1.6rem}dialog::backdrop{background:#0008}kbd{background:var(--code);border:1px solid var(--line);border-radius:5px;padding:0 .4em;font-family:inherit;font-size:.9em}
dialog dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem}dialog dd{margin:0}
footer{color:var(--soft);font-size:.86rem;border-top:1px solid var(--line);margin-top:2rem;padding-top:1rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media print{.contents,.tools,.copy,.skip{display:none}.page{display:block}.step,.command,.failure{break-inside:avoid}body{font-size:11pt}.scroller{overflow:visible;border:0}.diagram{max-width:100%;height:auto}details.output>pre{max-height:none;white-space:pre-wrap}}
`.trim();
