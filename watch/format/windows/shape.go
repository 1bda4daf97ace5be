package windows

import (
	"bytes"
	"strings"

	"entente/watch/format/jsonline"
)

// Visit takes one value of the line, by the shape that its path shows.
func (p *parser) Visit(n *jsonline.Node) {
	path := p.plain(n.Path)
	if n.Kind == jsonline.End {
		if string(path) == "EventData.Data" {
			p.item()
		}
		return
	}
	if n.Kind == jsonline.Null || len(n.Value) == 0 {
		return
	}
	switch {
	case bytes.HasPrefix(path, []byte("System.")):
		p.system(string(path[len("System."):]), n.Value)
	case bytes.HasPrefix(path, []byte("EventData.")):
		p.eventData(string(path[len("EventData."):]), n.Value)
	case bytes.HasPrefix(path, []byte("UserData.")):
		p.add("winlog.user_data.", n.Key, n.Value)
	case bytes.HasPrefix(path, []byte("winlog.event_data.")):
		p.add("winlog.event_data.", path[len("winlog.event_data."):], n.Value)
	case bytes.HasPrefix(path, []byte("winlog.user_data.")):
		p.add("winlog.user_data.", path[len("winlog.user_data."):], n.Value)
	case bytes.HasPrefix(path, []byte("event_data.")): // Winlogbeat until 6
		p.add("winlog.event_data.", path[len("event_data."):], n.Value)
	default:
		p.top(string(path), n.Value)
	}
}

// plain returns a path without what only the conversion from XML put there: the outermost element, wrappers for
// attributes, marks before their names, the name of an element's own text.
func (p *parser) plain(path []byte) []byte {
	if !bytes.ContainsAny(path, "#@_") {
		return bytes.TrimPrefix(path, []byte("Event."))
	}
	out := p.path[:0]
	for len(path) > 0 {
		part, rest, _ := bytes.Cut(path, []byte("."))
		path = rest
		switch string(part) {
		case "#attributes", "@attributes", "_attributes", "#text", "_text", "#value":
			continue
		}
		if len(part) > 1 && (part[0] == '@' || part[0] == '_') && string(part) != "@timestamp" {
			part = part[1:]
		}
		if len(out) > 0 {
			out = append(out, '.')
		}
		out = append(out, part...)
	}
	p.path = out
	return bytes.TrimPrefix(out, []byte("Event."))
}

// system takes the header in the shape of the XML.
func (p *parser) system(path string, value []byte) {
	switch path {
	case "Provider.Name", "Provider_Name":
		p.head.provider = p.texts.Of(value)
	case "EventID", "EventID.Value":
		p.head.code = p.texts.Of(value)
	case "Channel":
		p.head.channel = p.texts.Of(value)
	case "Computer":
		p.head.computer = p.texts.Of(value)
	case "EventRecordID":
		p.head.record = p.texts.Of(value)
	case "Level":
		p.head.level = p.texts.Of(value)
	case "TimeCreated.SystemTime", "TimeCreated_SystemTime", "TimeCreated":
		p.head.created = p.texts.Of(value)
	case "Security.UserID":
		p.head.user = p.texts.Of(value)
	}
}

// eventData takes data in the shape of the XML: by name, or a list of {Name, text}, or a list of text.
func (p *parser) eventData(path string, value []byte) {
	switch path {
	case "Data.Name":
		p.itemName = p.texts.Of(value)
	case "Data.Value", "Data.content":
		p.itemValue = p.texts.Of(value)
	case "Data":
		if p.itemValue != "" {
			p.item()
		}
		p.itemValue = p.texts.Of(value)
		if p.itemName != "" {
			p.item()
		}
	case "xmlns", "Name":
	default:
		p.add("winlog.event_data.", []byte(path), value)
	}
}

// item adds the element of a list of Data that was read, if it holds anything.
func (p *parser) item() {
	name := p.itemName
	if name == "" {
		name = "Data"
	}
	if p.itemValue != "" {
		p.add("winlog.event_data.", []byte(name), []byte(p.itemValue))
	}
	p.itemName, p.itemValue = "", ""
}

func (p *parser) add(prefix string, name, value []byte) {
	if d, ok := p.datum(len(p.data), prefix, name, value); ok {
		p.data = append(p.data, d)
	}
}

func (p *parser) datum(have int, prefix string, name, value []byte) (datum, bool) {
	if have >= maxData || len(name) > maxName || len(name) == 0 {
		p.left++
		return datum{}, false
	}
	field := p.field(prefix, name)
	return datum{field[len(prefix):], field, p.texts.Of(value)}, true
}

// field returns prefix and name as a string that is built once for all lines.
func (p *parser) field(prefix string, name []byte) string {
	p.built = append(append(p.built[:0], prefix...), name...)
	if field, ok := p.names[string(p.built)]; ok {
		return field
	}
	field := string(p.built)
	if len(p.names) < maxNames {
		p.names[field] = field
	}
	return field
}

// top takes what stands outside all of these: the header in Winlogbeat's and NXLog's names, and NXLog's data.
func (p *parser) top(path string, value []byte) {
	to := p.head.place(path)
	switch {
	case to != nil && (*to == "" || strings.HasPrefix(path, "winlog.")):
		*to = p.texts.Of(value)
	case to == nil && strings.IndexByte(path, '.') < 0 && !isCollectors(path):
		if d, ok := p.datum(len(p.flat), "winlog.event_data.", []byte(path), value); ok {
			p.flat = append(p.flat, d)
		}
	}
}

// place returns where a value of the header goes.
func (h *head) place(path string) *string {
	switch path {
	case "winlog.channel", "log_name", "Channel":
		return &h.channel
	case "winlog.event_id", "event_id", "event.code", "EventID", "winlog.event_id.value":
		return &h.code
	case "winlog.provider_name", "source_name", "event.provider", "SourceName", "ProviderName":
		return &h.provider
	case "winlog.computer_name", "computer_name", "host.name", "Hostname", "Computer":
		return &h.computer
	case "winlog.record_id", "record_number", "RecordNumber", "EventRecordID":
		return &h.record
	case "log.level", "level", "Severity", "winlog.level", "Level":
		return &h.level
	case "message", "Message":
		return &h.message
	case "EventTime", "TimeCreated":
		return &h.eventTime
	case "@timestamp":
		return &h.stamp
	case "winlog.user.identifier", "UserID":
		return &h.user
	}
	return nil
}

// isCollectors reports whether a top-level value is about the collection or the header, not data of the event.
func isCollectors(name string) bool {
	switch name {
	case "EventReceivedTime", "SourceModuleName", "SourceModuleType", "ProviderGuid", "ProviderGUID", "Guid", "Keywords", "EventType", "SeverityValue",
		"Version", "Task", "OpcodeValue", "Opcode", "Category", "ProcessID", "ThreadID", "ExecutionProcessID", "ExecutionThreadID", "ActivityID",
		"RelatedActivityID", "AccountType", "AccountName", "Domain", "UserSid", "host", "port", "tags", "type", "@version", "version", "timestamp", "opcode", "task":
		return true
	}
	return false
}

// lastOf returns the last part of a Windows path.
func lastOf(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }
