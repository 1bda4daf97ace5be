package cef

import "entente/watch/event"

// column is what a key means.
type column struct {
	name string
	as   event.As
	text bool // look for values within
}

// columns returns the ECS name of a key of the extension dictionary, by its short or its full name; an empty column
// for every other.
func columns(key string) column {
	switch key {
	case "src", "sourceAddress":
		return column{"source.ip", event.Address, false}
	case "dst", "destinationAddress":
		return column{"destination.ip", event.Address, false}
	case "spt", "sourcePort":
		return column{name: "source.port"}
	case "dpt", "destinationPort":
		return column{name: "destination.port"}
	case "shost", "sourceHostName":
		return column{"source.domain", event.Host, false}
	case "dhost", "destinationHostName":
		return column{"destination.domain", event.Host, false}
	case "smac", "sourceMacAddress":
		return column{name: "source.mac"}
	case "dmac", "destinationMacAddress":
		return column{name: "destination.mac"}
	case "sourceTranslatedAddress":
		return column{"source.nat.ip", event.Address, false}
	case "destinationTranslatedAddress":
		return column{"destination.nat.ip", event.Address, false}
	case "in", "bytesIn":
		return column{name: "source.bytes"}
	case "out", "bytesOut":
		return column{name: "destination.bytes"}
	case "proto", "transportProtocol":
		return column{name: "network.transport"}
	case "app", "applicationProtocol":
		return column{name: "network.protocol"}
	case "deviceInboundInterface":
		return column{name: "observer.ingress.interface.name"}
	case "deviceOutboundInterface":
		return column{name: "observer.egress.interface.name"}
	case "dvc", "deviceAddress":
		return column{"observer.ip", event.Address, false}
	case "dvchost", "deviceHostName":
		return column{name: "observer.hostname"}
	}
	return moreColumns(key)
}

// moreColumns holds users, requests, files and what happened.
func moreColumns(key string) column {
	switch key {
	case "suser", "sourceUserName":
		return column{name: "user.name"}
	case "suid", "sourceUserId":
		return column{name: "user.id"}
	case "duser", "destinationUserName":
		return column{"user.target.name", event.Email, false}
	case "sproc", "sourceProcessName":
		return column{name: "process.name"}
	case "spid", "sourceProcessId":
		return column{name: "process.pid"}
	case "act", "deviceAction":
		return column{name: "event.action"}
	case "outcome", "eventOutcome":
		return column{name: "event.outcome"}
	case "reason":
		return column{name: "event.reason"}
	case "msg", "message":
		return column{"message", event.Plain, true}
	case "request", "requestUrl":
		return column{"url.full", event.URL, false}
	case "requestMethod":
		return column{name: "http.request.method"}
	case "requestContext":
		return column{"http.request.referrer", event.URL, false}
	case "requestClientApplication":
		return column{"user_agent.original", event.Plain, true}
	case "fname", "filename":
		return column{name: "file.name"}
	case "filePath":
		return column{"file.path", event.Plain, false}
	case "fsize", "fileSize":
		return column{name: "file.size"}
	case "fileHash":
		return column{"file.hash", event.Hash, false}
	case "destinationDnsDomain":
		return column{"destination.registered_domain", event.Name, false}
	case "sourceDnsDomain":
		return column{"source.registered_domain", event.Name, false}
	case "requestedDomain", "queryName":
		return column{"dns.question.name", event.Name, false}
	default:
		return column{}
	}
}
