package convert

import (
	"bytes"

	"entente/border"
	"entente/exchange/list"
	"entente/exchange/misp"
	"entente/observable"
	"entente/statement"
)

// WarningList reads a warning list: a file in the misp-warninglist-format, or
// a plain list of which all values are addresses and networks (compared as
// "cidr"), all names ("hostname") or all hashes ("string"). name is used where
// the file has none.
func WarningList(name string, data []byte) (*border.WarningList, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, statement.Refuse(statement.CodeValue, "the file is empty")
	}
	if !looksLikeJSON(data) {
		return plainWarningList(name, data)
	}
	file, err := misp.ReadWarningList(data)
	if err != nil {
		return nil, err
	}
	if file.Name == "" {
		file.Name = name
	}
	l, err := border.NewWarningList(OneLine(file.Name), file.Kind, file.Values)
	if err != nil {
		return nil, err
	}
	return l.For(file.Types...), nil
}

func plainWarningList(name string, data []byte) (*border.WarningList, error) {
	kind := ""
	var values []string
	err := list.ReadPlain(data, func(r list.Row) error {
		for _, v := range r.Values {
			d, err := observable.Detect(v.Text)
			k := listKind(d.Type)
			if err != nil || k == "" || kind != "" && k != kind || len(values) == border.MaxEntries {
				return statement.Refuse(statement.CodeValue,
					"line %d: a plain warning list holds addresses, names or hashes, of one sort, at most %d", r.Line, border.MaxEntries)
			}
			kind = k
			values = append(values, d.Canonical)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return border.NewWarningList(name, kind, values)
}

func listKind(t observable.Type) string {
	switch akin(t) {
	case observable.IPv4:
		return border.KindCIDR
	case observable.Domain:
		return border.KindHostname
	case observable.MD5:
		return border.KindString
	default:
		return ""
	}
}
