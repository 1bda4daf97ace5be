package defend

import (
	"bytes"

	"entente/exchange/stix"
)

const bundleName = "entente.stix2.json"

// bundle writes the entries as STIX 2.1 indicators, with the identities of their
// givers and the definitions of their markings. The same entries give the same
// bytes.
func bundle(entries []Entry) ([]File, func(Entry) bool, error) {
	var objects []stix.Object
	marked, named := make(map[string]bool), make(map[string]bool)
	fits := make(map[string]bool)
	for _, e := range entries {
		o, err := stix.RenderIndicator(stix.SaidIndicator{
			Said: stix.Said{By: e.By, Ref: e.Said, Item: e.Item, Time: e.Told, Marking: e.Marking},
			Type: string(e.Value.Type), Value: e.Value.Canonical, Note: oneLine(e.Note), Observed: e.Observed, Until: e.Until,
		})
		if err != nil || e.Marking == "" {
			continue
		}
		fits[e.Ref] = true
		if !marked[e.Marking] {
			d, _ := stix.TLPDefinitionOf(e.Marking) // there is one, or the indicator had been refused
			definition, err := stix.ParseObject([]byte(d.Raw))
			if err != nil {
				return nil, nil, err
			}
			marked[e.Marking] = true
			objects = append(objects, definition)
		}
		if !named[e.By.Origin] {
			identity, err := stix.RenderIdentity(e.By)
			if err != nil {
				return nil, nil, err
			}
			named[e.By.Origin] = true
			objects = append(objects, identity)
		}
		objects = append(objects, o)
	}
	var all []byte
	for _, o := range objects {
		hash := o.Hash()
		all = append(all, hash[:]...)
	}
	var b bytes.Buffer
	w, err := stix.NewBundleWriter(&b, stix.BundleID(all))
	if err != nil {
		return nil, nil, err
	}
	for _, o := range objects {
		if err := w.Add(o); err != nil {
			return nil, nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	return []File{{bundleName, b.Bytes()}}, func(e Entry) bool { return fits[e.Ref] }, nil
}
