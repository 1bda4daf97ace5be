package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"unicode"
	"unicode/utf8"

	"modernc.org/sqlite"

	"entente/border"
)

// AppendFolded appends text with its letters made small, those of every script; what is no UTF-8 stays as it is.
func AppendFolded(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, text[i])
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += n
	}
	return dst
}

// Fold is AppendFolded of a string.
func Fold(s string) string { return string(AppendFolded(nil, []byte(s))) }

// connector opens connections that know fold(), for SQLite's own lower() knows A to Z only,
// and level(), the place of a marking among them.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func newConnector(dsn string) (connector, error) {
	d := new(sqlite.Driver)
	err := d.RegisterDeterministicScalarFunction("fold", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		switch v := args[0].(type) {
		case string:
			return Fold(v), nil
		case []byte:
			return AppendFolded(nil, v), nil
		default:
			return v, nil
		}
	})
	if err != nil {
		return connector{}, err
	}
	err = d.RegisterDeterministicScalarFunction("level", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		text, _ := args[0].(string)
		return int64(border.Marking(text).Level()), nil
	})
	return connector{d, dsn}, err
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

func openDB(dsn string) (*sql.DB, error) {
	c, err := newConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}
