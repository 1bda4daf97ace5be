package misp

import (
	"cmp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
)

// MaxEntries is how many entries a warning list may have.
const MaxEntries = 1_000_000

// WarningList is a file of the misp-warninglist-format. Its content is not
// interpreted here: package border compares by Kind.
type WarningList struct {
	Name, Description string
	Version           string
	Kind              string // "string", "substring", "hostname", "cidr" or "regex"
	Values            []string
	// Types is what the list is meant for, from matching_attributes; nil when
	// it names none, which means all.
	Types []observable.Type
}

// ReadWarningList reads a warning list. It refuses what is not strict JSON
// (stix.CheckJSON), not a warning list (E_KIND), and a list that is meant only
// for attributes which this version does not look for (E_KIND).
func ReadWarningList(data []byte) (WarningList, error) {
	if err := stix.CheckJSON(data); err != nil {
		return WarningList{}, err
	}
	var file struct {
		Name        Text           `json:"name"`
		Description Text           `json:"description"`
		Version     Text           `json:"version"`
		Type        Text           `json:"type"`
		List        jsontext.Value `json:"list"`
		Matching    []string       `json:"matching_attributes"`
	}
	if err := json.Unmarshal(data, &file); err != nil || file.List.Kind() != '[' {
		return WarningList{}, statement.Refuse(statement.CodeKind, "not a MISP warning list")
	}
	l := WarningList{
		Name: string(file.Name), Description: string(file.Description),
		Version: string(file.Version), Kind: cmp.Or(string(file.Type), "string"), // the format's default
	}
	err := stix.EachElement(file.List, func(raw jsontext.Value) error {
		var entry Text
		if err := json.Unmarshal(raw, &entry); err != nil {
			return statement.Refuse(statement.CodeKind, "not a MISP warning list: entry %d is no text", len(l.Values)+1)
		}
		if len(l.Values) == MaxEntries {
			return statement.Refuse(statement.CodeSize, "more than %d entries", MaxEntries)
		}
		l.Values = append(l.Values, string(entry))
		return nil
	})
	if err != nil {
		return WarningList{}, err
	}
	types, all := listTypes(file.Matching)
	if !all && len(types) == 0 {
		return WarningList{}, statement.Refuse(statement.CodeKind, "warning list %.80q is for attributes that are not read", l.Name)
	}
	if !all {
		l.Types = types
	}
	return l, nil
}
