package taxii

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Endpoint is a resource that takes filters.
type Endpoint string

// The endpoints, as they stand in a cursor.
const (
	Objects  Endpoint = "objects"
	Object   Endpoint = "object"
	Records  Endpoint = "manifest"
	History  Endpoint = "versions"
	Deletion Endpoint = "delete"
)

// Query is what a request asks of a collection (section 3.4). Filters of
// different fields are joined by AND, the values of one field by OR; an empty
// list matches everything.
type Query struct {
	AddedAfter   Time // strictly after; zero from the beginning
	Limit        int  // 0: as many as the server likes
	Next         string
	IDs          []string
	Types        []string
	Versions     Version
	SpecVersions []string // empty: the latest of each object
}

// Version says which versions of an object match.
type Version struct {
	All, First, Last bool
	Exact            []string // timestamps
}

const (
	maxQuery  = 8 << 10
	maxValues = 100 // of one filter
	maxValue  = 300 // bytes of one value
)

// fields are the filters of each endpoint (sections 5.3 to 5.8); match[…] of
// anything else is ignored.
var fields = map[Endpoint][]string{
	Objects:  {"id", "type", "version", "spec_version"},
	Records:  {"id", "type", "version", "spec_version"},
	Object:   {"version", "spec_version"},
	Deletion: {"version", "spec_version"},
	History:  {"spec_version"},
}

// ParseQuery reads the query of a URL. What is malformed is an *Error with
// status 400; parameters that the endpoint does not know are ignored.
func ParseQuery(raw string, at Endpoint) (Query, error) {
	if len(raw) > maxQuery {
		return Query{}, badRequest("the query is longer than %d bytes", maxQuery)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, badRequest("the query cannot be read")
	}
	q := Query{Versions: Version{Last: true}}
	if at == History || at == Deletion {
		q.Versions = Version{All: true}
	}
	pages := at != Deletion
	for key, list := range values {
		field, match := strings.CutPrefix(key, "match[")
		field, closed := strings.CutSuffix(field, "]")
		known := match && closed && slices.Contains(fields[at], field) || pages && slices.Contains([]string{"added_after", "limit", "next"}, key)
		if !known {
			continue
		}
		if len(list) != 1 {
			return Query{}, badRequest("%.40q is there %d times", key, len(list))
		}
		if match {
			err = q.match(field, list[0])
		} else {
			err = q.page(key, list[0])
		}
		if err != nil {
			return Query{}, err
		}
	}
	return q, nil
}

func (q *Query) page(key, value string) (err error) {
	switch key {
	case "added_after":
		q.AddedAfter, err = ParseTime(value)
	case "limit":
		n, bad := strconv.ParseUint(value, 10, 53)
		if bad != nil || n == 0 {
			return badRequest("limit %.40q is no positive integer", value)
		}
		q.Limit = int(min(n, 1<<30))
	case "next":
		if value == "" || len(value) > 2*cursorLength {
			return errCursor()
		}
		q.Next = value
	}
	return err
}

func (q *Query) match(field, value string) error {
	list := strings.Split(value, ",")
	if len(list) > maxValues {
		return badRequest("match[%s] has more than %d values", field, maxValues)
	}
	for _, one := range list {
		if one == "" || len(one) > maxValue || strings.ContainsFunc(one, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd }) {
			return badRequest("match[%s] has an empty or malformed value", field)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch field {
	case "id":
		q.IDs = list
	case "type":
		q.Types = list
	case "spec_version":
		for _, one := range list {
			if strings.Trim(one, "0123456789.") != "" {
				return badRequest("match[spec_version] has no version: %.40q", one)
			}
		}
		q.SpecVersions = list
	case "version":
		return q.version(list)
	}
	return nil
}

func (q *Query) version(list []string) error {
	q.Versions = Version{}
	for _, one := range list {
		switch one {
		case "all":
			if len(list) > 1 {
				return badRequest("match[version] has all beside others")
			}
			q.Versions.All = true
		case "first":
			q.Versions.First = true
		case "last":
			q.Versions.Last = true
		default:
			if _, err := ParseTime(one); err != nil {
				return badRequest("match[version] has neither all, first, last nor a timestamp: %.40q", one)
			}
			q.Versions.Exact = append(q.Versions.Exact, one)
		}
	}
	return nil
}

// canonical writes what a cursor is bound to: everything but limit and next.
func (q Query) canonical() string {
	v := url.Values{}
	if q.AddedAfter != 0 {
		v.Set("added_after", q.AddedAfter.String())
	}
	for key, list := range map[string][]string{"id": q.IDs, "type": q.Types, "spec_version": q.SpecVersions, "version": q.Versions.Exact} {
		if len(list) > 0 {
			v[key] = list
		}
	}
	for key, set := range map[string]bool{"all": q.Versions.All, "first": q.Versions.First, "last": q.Versions.Last} {
		if set {
			v.Set(key, "1")
		}
	}
	return v.Encode()
}
