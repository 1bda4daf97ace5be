package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"entente/statement"
)

// namesPage is the body of the list of look-alike names.
type namesPage struct {
	NamesView
	Rows    []nameRow
	Pager   pager
	Decides bool
}

type nameRow struct {
	SeenName
	Share string // where it can be shared as an indicator: nothing leaves before somebody says so there
}

func (c *Console) names(v *visit) error {
	view, err := v.source.Guards().Names(v.r.Context())
	if err != nil {
		return err
	}
	p := namesPage{NamesView: view, Decides: v.user.decides()}
	rows, pager := onPage(v, view.Rows)
	p.Pager = pager
	for _, n := range rows {
		row := nameRow{SeenName: n}
		if p.Decides {
			row.Share = "/share?" + url.Values{"text": {n.indicator()}, "name": {"look-alike " + n.Name}}.Encode()
		}
		p.Rows = append(p.Rows, row)
	}
	return c.render(v, http.StatusOK, "names", frame{Title: "guard.names", Live: "watch", Up: "/election", Body: p})
}

// indicator is the name as a STIX indicator, the same for one sighting however
// often it is written.
func (n SeenName) indicator() string {
	id := statement.TaggedSum("entente/look-alike/v1", []byte(n.Name))
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	at := time.UnixMilli(n.First.At).UTC().Format("2006-01-02T15:04:05.000Z")
	text, _ := json.Marshal(map[string]any{ // of strings alone
		"type": "indicator", "spec_version": "2.1", "created": at, "modified": at, "valid_from": at,
		"id":   fmt.Sprintf("indicator--%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16]),
		"name": n.Name + " resembles " + n.Protected, "indicator_types": []string{"unknown"},
		"pattern": "[domain-name:value = '" + n.Name + "']", "pattern_type": "stix",
	})
	return string(text)
}

func (c *Console) markName(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	state := v.r.PostForm.Get("state")
	if !slices.Contains([]string{NameBenign, NameWatched}, state) {
		return errBadForm
	}
	if err := v.source.Guards().MarkName(v.r.Context(), v.user, v.r.PostForm.Get("name"), state); err != nil {
		return err
	}
	return v.see("/guard/names")
}
