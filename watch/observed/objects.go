package observed

import (
	"strings"

	"entente/exchange/stix/pattern"
	"entente/watch/event"
)

func (m *Mapper) macs() {
	for _, mac := range [...]string{m.facts.srcMAC, m.facts.dstMAC} {
		if mac != "" {
			m.value("mac-addr", "", strings.ToLower(strings.ReplaceAll(mac, "-", ":")))
		}
	}
}

// answers lets the name that was asked for resolve to the addresses of the answer.
func (m *Mapper) answers() {
	n := m.of("dns.question.name")
	if n < 0 || m.of("dns.answers.data") < 0 {
		return
	}
	from := len(m.fields)
	m.fields = append(m.fields, m.out.Objects[n].Value.Fields...)
	m.refsOf("resolves_to_refs", "dns.answers.data", true)
	m.out.Objects[n].Value.Fields = m.fields[from:len(m.fields):len(m.fields)]
}

func (m *Mapper) traffic(ev *event.Event) {
	f := &m.facts
	src, dst := m.of("source.ip"), m.of("destination.ip")
	if dst < 0 {
		dst = m.of("destination.domain")
	}
	if dst < 0 {
		dst = m.of("destination.address")
	}
	if src < 0 && dst < 0 {
		return
	}
	http := m.request()
	protocols := len(m.refs)
	if n := max(src, dst); n >= 0 {
		if ip, ok := strings.CutSuffix(m.out.Objects[n].Type, "-addr"); ok {
			m.refs = append(m.refs, pattern.Text(ip))
		}
	}
	for _, p := range [...]string{f.transport, f.protocol} {
		if p != "" {
			m.refs = append(m.refs, pattern.Text(strings.ToLower(p)))
		}
	}
	from := len(m.fields)
	m.list("protocols", protocols)
	m.ref("src_ref", src)
	m.ref("dst_ref", dst)
	m.number("src_port", f.srcPort)
	m.number("dst_port", f.dstPort)
	m.number("src_byte_count", f.srcBytes)
	m.number("dst_byte_count", f.dstBytes)
	m.number("src_packets", f.srcPackets)
	m.number("dst_packets", f.dstPackets)
	m.text("start", stamp(ev.Time))
	m.dict("extensions", http)
	m.add("network-traffic", from)
}

// request makes the http-request-ext of an event about a request, nil for any other.
func (m *Mapper) request() []pattern.Field {
	f := &m.facts
	if f.method == "" {
		return nil
	}
	headers := m.headers([3][2]string{{"User-Agent", f.agent}, {"Referer", f.referrer}, {"Host", f.host}})
	from := len(m.fields)
	m.text("request_method", strings.ToLower(f.method))
	m.text("request_value", f.original)
	if v := strings.ToLower(f.version); v != "" && !strings.HasPrefix(v, "http") {
		m.text("request_version", "http/"+v)
	} else {
		m.text("request_version", v)
	}
	m.dict("request_header", headers)
	ext := m.fields[from:len(m.fields):len(m.fields)]
	from = len(m.fields)
	m.dict("http-request-ext", ext)
	return m.fields[from:len(m.fields):len(m.fields)]
}

// headers makes a dictionary of names and lists of one value, leaving out the empty ones.
func (m *Mapper) headers(list [3][2]string) []pattern.Field {
	start := len(m.fields)
	for _, h := range list {
		if h[1] != "" {
			from := len(m.refs)
			m.refs = append(m.refs, pattern.Text(h[1]))
			m.list(h[0], from)
		}
	}
	return m.fields[start:len(m.fields):len(m.fields)]
}

func (m *Mapper) mail() {
	f := &m.facts
	sender, from := m.of("email.sender.address"), m.of("email.from.address")
	if !f.mail && sender < 0 && from < 0 && m.of("email.to.address") < 0 {
		return
	}
	parts := m.attachments()
	headers := m.headers([3][2]string{{"X-Mailer", f.mailer}, {"Reply-To", f.replyTo}})
	at := len(m.fields)
	m.ref("from_ref", from)
	m.ref("sender_ref", sender)
	m.refsOf("to_refs", "email.to.address", false)
	m.refsOf("cc_refs", "email.cc.address", false)
	m.text("subject", f.subject)
	m.text("message_id", f.messageID)
	m.dict("additional_header_fields", headers)
	if len(parts) > 0 {
		m.fields = append(m.fields, pattern.Field{Name: "body_multipart", Value: pattern.Value{Kind: pattern.List, Items: parts}})
	}
	m.add("email-message", at)
}

// attachments makes a file and a body part of each.
func (m *Mapper) attachments() []pattern.Value {
	parts := len(m.refs)
	for _, name := range m.facts.attachments {
		from := len(m.fields)
		m.text("name", name)
		n := m.add("file", from)
		if n < 0 {
			break
		}
		from = len(m.fields)
		m.ref("body_raw_ref", n)
		m.refs = append(m.refs, pattern.Value{Kind: pattern.Dict, Fields: m.fields[from:len(m.fields):len(m.fields)]})
	}
	return m.refs[parts:len(m.refs):len(m.refs)]
}

// users returns the account that acts, -1 if there is none.
func (m *Mapper) users() int {
	f, acting := &m.facts, -1
	if f.user != "" || f.userID != "" {
		from := len(m.fields)
		m.text("account_login", f.user)
		m.text("user_id", f.userID)
		acting = m.add("user-account", from)
	}
	if f.target != "" {
		from := len(m.fields)
		m.text("account_login", f.target)
		m.add("user-account", from)
	}
	return acting
}

func (m *Mapper) files() {
	f := &m.facts
	if f.fileName == "" && f.filePath == "" && f.fileSize == "" && f.fileType == "" && len(m.file) == 0 {
		return
	}
	folder, name := m.folder(f.filePath)
	if f.fileName != "" {
		name = f.fileName
	}
	from := len(m.fields)
	m.text("name", name)
	m.text("path", f.filePath)
	m.number("size", f.fileSize)
	m.text("mime_type", f.fileType)
	m.dict("hashes", m.file)
	m.ref("parent_directory_ref", folder)
	m.add("file", from)
}

// folder cuts a path of either family of systems, and makes a directory of its beginning.
func (m *Mapper) folder(path string) (object int, name string) {
	cut := strings.LastIndexAny(path, `/\`)
	if cut < 0 {
		return -1, path
	}
	folder := path[:cut]
	if folder == "" {
		folder = path[:1]
	}
	from := len(m.fields)
	m.text("path", folder)
	return m.add("directory", from), path[cut+1:]
}

func (m *Mapper) processes(user int) {
	f := &m.facts
	parent := m.process(f.parentPID, f.parentName, f.parentExecutable, f.parentCommand, "", -1, -1)
	m.process(f.pid, f.process, f.executable, f.command, f.cwd, parent, user)
}

func (m *Mapper) process(pid, name, executable, command, cwd string, parent, user int) int {
	if pid == "" && name == "" && executable == "" && command == "" {
		return -1
	}
	image := -1
	if executable != "" {
		folder, base := m.folder(executable)
		from := len(m.fields)
		m.text("name", base)
		m.text("path", executable)
		m.ref("parent_directory_ref", folder)
		image = m.add("file", from)
	}
	from := len(m.fields)
	m.number("pid", pid)
	m.text("name", name)
	m.text("command_line", command)
	m.text("cwd", cwd)
	m.ref("image_ref", image)
	m.ref("parent_ref", parent)
	m.ref("creator_user_ref", user)
	return m.add("process", from)
}

func (m *Mapper) certificates() {
	f := &m.facts
	for _, c := range [...]struct {
		subject, issuer, serial string
		hashes                  hashes
	}{{f.certSubject, f.certIssuer, f.certSerial, m.server}, {f.clientSubject, "", "", m.client}} {
		if c.subject == "" && c.issuer == "" && c.serial == "" && len(c.hashes) == 0 {
			continue
		}
		from := len(m.fields)
		m.text("subject", c.subject)
		m.text("issuer", c.issuer)
		m.text("serial_number", c.serial)
		m.dict("hashes", c.hashes)
		m.add("x509-certificate", from)
	}
}
