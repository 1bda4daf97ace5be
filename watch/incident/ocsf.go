package incident

import (
	"encoding/json"
	"time"
)

// OCSF 1.3 class 2004, Detection Finding (category Findings).
const (
	ocsfVersion   = "1.3.0"
	ocsfCategory  = 2
	ocsfClass     = 2004
	ocsfCreate    = 1
	ocsfUpdate    = 2
	ocsfCloseWord = 3
)

type finding struct {
	ActivityID  int           `json:"activity_id"`
	CategoryUID int           `json:"category_uid"`
	ClassUID    int           `json:"class_uid"`
	TypeUID     int           `json:"type_uid"` // class_uid * 100 + activity_id
	SeverityID  int           `json:"severity_id"`
	StatusID    int           `json:"status_id"`
	Time        int64         `json:"time"` // milliseconds
	StartTime   int64         `json:"start_time,omitempty"`
	EndTime     int64         `json:"end_time,omitempty"`
	Count       int64         `json:"count"`
	Comment     string        `json:"comment,omitempty"`
	Metadata    metadata      `json:"metadata"`
	FindingInfo findingInfo   `json:"finding_info"`
	Observables []observation `json:"observables,omitempty"`
	Resources   []resource    `json:"resources,omitempty"`
}

type metadata struct {
	Version string  `json:"version"`
	Product product `json:"product"`
	UID     string  `json:"uid"`
	// Labels are markings of TLP and PAP: OCSF has no attribute of its own for them.
	Labels []string `json:"labels,omitempty"`
}

type product struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version"`
}

type findingInfo struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	CreatedTime   int64    `json:"created_time,omitempty"`
	FirstSeenTime int64    `json:"first_seen_time,omitempty"`
	LastSeenTime  int64    `json:"last_seen_time,omitempty"`
	DataSources   []string `json:"data_sources,omitempty"`
	Types         []string `json:"types,omitempty"`
}

type observation struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Value  string `json:"value"`
}

type resource struct {
	Name string `json:"name"`
}

// observableTypes are OCSF's type_id values for our types; 0 is Unknown, 99 Other.
func observableType(t string) int {
	switch t {
	case "ipv4-addr", "ipv6-addr":
		return 2
	case "domain-name":
		return 1
	case "url":
		return 6
	case "email-addr":
		return 5
	case "md5", "sha1", "sha256":
		return 8
	case "ipv4-net", "ipv6-net":
		return 12
	}
	return 99
}

// severity is OCSF's severity_id: 1 informational to 5 critical, 0 unknown.
func severity(level string) int {
	switch level {
	case "informational":
		return 1
	case "low":
		return 2
	case "medium":
		return 3
	case "high":
		return 4
	case "critical":
		return 5
	}
	return 0
}

// status is OCSF's status_id of a finding: 1 new, 2 in progress, 3 suppressed, 4 resolved.
func status(s State) int {
	switch s {
	case Acknowledged, Claimed:
		return 2
	case FalsePositive:
		return 3
	case Closed:
		return 4
	}
	return 1
}

// OCSF returns the incident as one OCSF Detection Finding, JSON on one line.
// Nothing of a line or of a partner's own words is in it but the value itself.
// marks say to whom it may go and what may be done with it.
func (i Incident) OCSF(version string, marks []string, now time.Time) ([]byte, error) {
	activity := ocsfCreate
	switch {
	case i.State == Closed || i.State == FalsePositive:
		activity = ocsfCloseWord
	case len(i.Acts) > 0:
		activity = ocsfUpdate
	}
	f := finding{
		ActivityID: activity, CategoryUID: ocsfCategory, ClassUID: ocsfClass, TypeUID: ocsfClass*100 + activity,
		SeverityID: severity(i.Level), StatusID: status(i.State), Time: now.UnixMilli(), StartTime: i.First, EndTime: i.Last, Count: i.Count,
		Metadata:    metadata{Version: ocsfVersion, UID: i.ID, Labels: marks, Product: product{Name: "entente", Vendor: "entente", Version: version}},
		FindingInfo: findingInfo{UID: i.ID, Title: i.Headline(), CreatedTime: i.Stored, FirstSeenTime: i.First, LastSeenTime: i.Last, DataSources: i.Givers, Types: []string{i.Subject.Type}},
	}
	if n := len(i.Acts); n > 0 {
		f.Comment = i.Acts[n-1].Reason
	}
	if i.Title == "" {
		f.Observables = []observation{{Name: "indicator", TypeID: observableType(i.Subject.Type), Value: i.Subject.Value}}
	}
	if i.Asset != "" {
		f.Resources = []resource{{Name: i.Asset}}
	}
	return json.Marshal(f)
}

// Headline names the incident in one line.
func (i Incident) Headline() string {
	if i.Title != "" {
		return i.Title
	}
	return i.Subject.Type + " " + i.Subject.Value
}
