package dev.clave.nn.callback;

/** The style sheet of a {@link Report}. */
final class ReportStyle {
    static final String CSS = """
            :root { color-scheme: light dark; --back: #f7f7f4; --card: #ffffff; --ink: #1b1f24; --soft: #59636e;
              --line: #e2e3de; --train: #1c69bd; --eval: #c2540a; --hit: 28, 105, 189; --miss: 178, 74, 4; }
            @media (prefers-color-scheme: dark) {
              :root { --back: #13161a; --card: #1b2026; --ink: #e7e9ea; --soft: #9ba6b1; --line: #303841; --train: #6bb0ff;
                --eval: #ff9f56; --hit: 58, 124, 205; --miss: 205, 105, 40; } }
            * { box-sizing: border-box; }
            body { margin: 0; background: var(--back); color: var(--ink); line-height: 1.45;
              font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
            main { max-width: 74rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
            h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
            h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
            h3 { font-size: .95rem; margin: 0 0 .5rem; color: var(--soft); font-weight: 600; }
            p { margin: .25rem 0; }
            .subtitle, .note, small, caption { color: var(--soft); }
            .note, caption { font-size: .85rem; }
            section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.25rem;
              margin-top: 1.1rem; }
            .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1.5rem; }
            .pair > * { min-width: 0; }
            section > .note { margin-bottom: .75rem; }
            .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
              margin: 1.1rem 0 0; }
            .figures div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem; }
            .figures dt { color: var(--soft); font-size: .8rem; }
            .figures dd { margin: 0; font-size: 1.4rem; font-weight: 650; font-variant-numeric: tabular-nums; }
            .figures small { display: block; font-size: .8rem; font-weight: 400; }
            figure { margin: 0; }
            figcaption { display: flex; flex-wrap: wrap; gap: .15rem 1rem; align-items: baseline; }
            .legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin-left: auto; font-size: .85rem;
              font-variant-numeric: tabular-nums; }
            .legend i { display: inline-block; width: .65em; height: .65em; border-radius: 50%; margin-right: .35em;
              background: currentColor; }
            .legend .eval i { border-radius: 1px; }
            .legend .train { color: var(--train); }
            .legend .eval { color: var(--eval); }
            .legend .single { color: var(--soft); }
            .legend .single i { border-radius: 1px; background: var(--train); opacity: .35; }
            svg { display: block; width: 100%; height: auto; margin-top: .4rem; }
            svg path { fill: none; stroke-linejoin: round; }
            svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
            .side { text-anchor: end; }
            .foot { text-anchor: middle; }
            .grid { stroke: var(--line); }
            .axis { stroke: var(--soft); }
            svg .train path { stroke: var(--train); stroke-width: 2; }
            svg .eval path { stroke: var(--eval); stroke-width: 2; stroke-dasharray: 6 3; }
            svg .train circle { fill: var(--train); }
            svg .eval circle { fill: var(--card); stroke: var(--eval); stroke-width: 2; }
            svg .steps path { stroke: var(--train); stroke-width: 1; opacity: .55; }
            svg .steps .band { stroke: none; fill: var(--train); opacity: .14; }
            .scroll { overflow-x: auto; }
            table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
            th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
            thead th { color: var(--soft); font-weight: 600; }
            tbody th { font-weight: 500; }
            tfoot th, tfoot td { font-weight: 650; border-bottom: none; }
            .number { text-align: right; }
            caption { caption-side: bottom; text-align: left; padding-top: .5rem; white-space: normal; }
            .heat { border-collapse: separate; border-spacing: 2px; max-width: 38rem; table-layout: fixed; min-width: 19.5rem; }
            .heat th, .heat td { border: none; text-align: center; padding: .42rem .1rem; border-radius: 3px; font-size: .82rem;
              overflow: hidden; }
            .heat .none { color: var(--soft); opacity: .5; }
            .heat .hit { background: rgba(var(--hit), var(--a)); }
            .heat .miss { background: rgba(var(--miss), var(--a)); }
            .heat .deep { color: #ffffff; font-weight: 600; }
            .whole { white-space: nowrap; }
            .digits { list-style: none; margin: .75rem 0 0; padding: 0; display: grid; gap: .9rem .5rem;
              grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); }
            .digits li { text-align: center; }
            .digits img { image-rendering: pixelated; border-radius: 4px; border: 1px solid var(--line); object-fit: contain;
              background: #000; }
            .digits p { line-height: 1.25; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
            .digits p.note { font-size: .75rem; }
            .wrong { color: var(--eval); }
            .pairs { margin: 0; font-size: .9rem; }
            .pairs div { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 1rem; padding: .3rem 0;
              border-bottom: 1px solid var(--line); }
            .pairs div:last-child { border-bottom: none; }
            .pairs dt { color: var(--soft); }
            .pairs dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
            table + .pairs, .scroll + .pairs { margin-top: 1rem; max-width: 40rem; }
            pre { margin: 0; padding: .8rem 1rem; background: var(--back); border: 1px solid var(--line); border-radius: .4rem;
              white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem; }
            @media (max-width: 34rem) {
              main { padding: 1rem .6rem 2rem; }
              section { padding: .9rem .75rem; }
              svg text { font-size: 16px; }
              .legend { margin-left: 0; }
              table { font-size: .8rem; }
              th, td { padding: .3rem .25rem; white-space: normal; }
              .heat { border-spacing: 1px; min-width: 17rem; }
              .heat th, .heat td { font-size: .62rem; padding: .4rem 0; white-space: nowrap; }
              .heat .deep { font-weight: 400; }
            }
            @media print { section { break-inside: avoid; } }
            """;

    private ReportStyle() {}
}
