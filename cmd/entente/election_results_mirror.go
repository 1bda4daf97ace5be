package main

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"entente/api"
	"entente/election/night"
	"entente/statement"
)

// mirror is what the page of a copy says, in both languages. It holds no script
// and nothing of the source but its address and names that this side gave.
var mirror = template.Must(template.New("mirror").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="referrer" content="no-referrer">
<title>Copy of {{.Name}}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}strong.copy{display:block;border:2px solid;padding:.5rem 1rem}</style></head><body>
<h1>Copy of <bdi>{{.Name}}</bdi> · <span lang="ru">Копия</span></h1>
<p><strong class="copy">This is a copy, not the page. It holds the last numbers that {{.Parties}} sealed alike. Newer ones may have been published since.</strong></p>
<p lang="ru"><strong class="copy">Это копия, а не сама страница. Здесь последние числа, которые одинаково опечатали {{.Parties}}. С тех пор могли быть опубликованы новые.</strong></p>
<p>Source · <span lang="ru">Источник</span>: <bdi>{{.URL}}</bdi><br>Sealed · <span lang="ru">Опечатано</span>: {{.At}}; still so · <span lang="ru">ещё так</span>: {{.Until}}<br>Cell root · <span lang="ru">Корень чисел</span>: <code>{{.Root}}</code><br>SHA-256: <code>{{.SHA256}}</code></p>
<p>The bytes as they came · <span lang="ru">Байты, как они пришли</span>: <a href="{{.Bytes}}" download>{{.Bytes}}</a></p>
<p>Seals · <span lang="ru">Печати</span>:</p><ul>{{range .Seals}}<li>{{.Party}}, {{.Index}}: <a href="{{.File}}" download>{{.File}}</a></li>{{end}}</ul>
<p>Anybody checks them with the charter of the unit, without a network · <span lang="ru">Любой проверит их по уставу, без сети</span>:<br><code>entente verify --charter CHARTER{{range .Seals}} {{.File}}{{end}} {{.Bytes}}</code></p>
<p>It does not say that these numbers are right: that they were published so. · <span lang="ru">Это не значит, что числа верны: только что они были так опубликованы.</span></p>
</body></html>
`))

type mirrorSeal struct {
	Party, File string
	Index       uint64
}

// writeMirror writes the last version of a page that several parties sealed: its
// bytes, the bundle of each seal, and a page that says what they are.
func writeMirror(ctx context.Context, e *env, c *api.Client, folder string, v night.PageView) error {
	if v.Joint == nil {
		return statement.Refuse(statement.CodeState, "no two parties have sealed the same numbers of %s", v.Page.ID)
	}
	j := v.Joint
	page := struct {
		Name, Parties, URL, At, Until, Root, SHA256, Bytes string
		Seals                                              []mirrorSeal
	}{Name: v.Page.ID, Parties: strings.Join(j.Parties, ", "), URL: v.Page.URL, At: when(j.At), Until: when(j.Until), Root: j.Root.String(), Bytes: v.Page.ID + ".page"}
	if v.Page.Jurisdiction != "" {
		page.Name = v.Page.Jurisdiction
	}
	files := make(map[string][]byte)
	for _, s := range j.Seals {
		one := mirrorSeal{s.Party, fmt.Sprintf("%s-%s-%d.bundle", v.Page.ID, s.Party, s.Index), s.Index}
		var err error
		if files[one.File], err = c.Bundle(ctx, s.Party, s.Index); err != nil {
			return err
		}
		page.Seals = append(page.Seals, one)
		if !containsPage(v, s) || files[page.Bytes] != nil {
			continue // only what this party fetched itself is here as bytes
		}
		if files[page.Bytes], err = c.PageBytes(ctx, v.Page.ID, s.Index); err != nil {
			return err
		}
		page.SHA256 = s.SHA256.String()
	}
	if files[page.Bytes] == nil {
		return statement.Refuse(statement.CodeState, "the bytes of the last joint version of %s are not kept here", v.Page.ID)
	}
	var b bytes.Buffer
	if err := mirror.Execute(&b, page); err != nil {
		return err
	}
	files["index.html"] = b.Bytes()
	for name, data := range files {
		path := filepath.Join(folder, name)
		err := create(path, func(w io.Writer) error { _, err := w.Write(data); return err })
		if err == nil {
			err = os.Chmod(path, 0o644) //nolint:gosec // a web server of another user shows it
		}
		if err != nil {
			return err
		}
	}
	index := filepath.Join(folder, "index.html")
	e.printf("%s, with the bytes and %s; sealed alike by %s, the last %s\n", index, counted(len(page.Seals), "seal", "seals"), strings.Join(j.Parties, " and "), when(j.At))
	return nil
}

// containsPage reports whether a seal is of this party's own history.
func containsPage(v night.PageView, s night.Seen) bool {
	return v.Last != nil && s.Party == v.Last.Party
}
