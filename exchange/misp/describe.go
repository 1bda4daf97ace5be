package misp

import (
	"maps"
	"slices"
)

// Description is what MISP's attributes/describeTypes says of a server's types.
type Description struct {
	Defaults   map[string]Default  `json:"sane_defaults"`
	Types      []string            `json:"types"`
	Categories []string            `json:"categories"`
	Mappings   map[string][]string `json:"category_type_mappings"`
}

// Default is how an attribute of a type is meant where it does not say.
type Default struct {
	Category string `json:"default_category"`
	ToIDs    int    `json:"to_ids"` // 0 or 1
}

// The categories (misp-rfc, section 2.4.2.3) of the types that Values reads or
// that are rules.
const (
	network  = "Network activity"
	delivery = "Payload delivery"
	dropped  = "Artifacts dropped"
	install  = "Payload installation"
	analysis = "External analysis"
	social   = "Social network"
)

// Describe names the attribute types that are looked for in logs, alone or as a
// part of a composite, each with the categories that it may stand in.
func Describe() Description {
	d := Description{Defaults: make(map[string]Default), Mappings: make(map[string][]string)}
	seen, files := []string{network, delivery, analysis}, []string{delivery, dropped, install, analysis}
	for _, group := range []struct {
		types, categories []string // the first category is the default
	}{
		{[]string{"ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "domain|ip", "hostname", "hostname|port", "url", "uri"}, seen},
		{[]string{"md5", "sha1", "sha256", "filename|md5", "filename|sha1", "filename|sha256", "malware-sample"}, files},
		{[]string{"email", "email-src", "email-dst"}, []string{delivery, network, social}},
		{[]string{"email-reply-to"}, []string{delivery}},
		{[]string{TypePattern}, []string{install, delivery, dropped, network, analysis}},
		{[]string{TypeSigma}, []string{install, delivery, dropped, analysis}},
	} {
		for _, t := range group.types {
			d.Defaults[t] = Default{Category: group.categories[0], ToIDs: 1}
			d.Types = append(d.Types, t)
			for _, c := range group.categories {
				d.Mappings[c] = append(d.Mappings[c], t)
			}
		}
	}
	slices.Sort(d.Types)
	d.Categories = slices.Sorted(maps.Keys(d.Mappings))
	for _, types := range d.Mappings {
		slices.Sort(types)
	}
	return d
}
