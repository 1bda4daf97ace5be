package observed

import "entente/watch/event"

// facts are the fields of an event that objects are made of. Where a field comes several times the first counts,
// but for lists.
type facts struct {
	srcPort, dstPort, srcBytes, dstBytes, srcPackets, dstPackets string
	srcMAC, dstMAC, transport, protocol                          string
	method, original, version, agent, referrer, host             string
	fileName, filePath, fileSize, fileType                       string
	user, userID, target                                         string
	pid, process, executable, command, cwd                       string
	parentPID, parentName, parentExecutable, parentCommand       string
	mail                                                         bool
	subject, messageID, mailer, replyTo                          string
	certSubject, certIssuer, certSerial, clientSubject           string
	attachments                                                  []string
}

// read goes over the fields once.
func (f *facts) read(ev *event.Event) {
	*f = facts{attachments: f.attachments[:0]}
	for i := range ev.Fields {
		field := &ev.Fields[i]
		if field.Name == "email.attachments.file.name" {
			f.attachments = append(f.attachments, field.Value)
			f.mail = true
		} else if to := f.place(field.Name); to != nil && *to == "" {
			*to = field.Value
		}
	}
	f.mail = f.mail || f.subject != "" || f.messageID != ""
}

func (f *facts) place(name string) *string {
	switch name {
	case "source.port":
		return &f.srcPort
	case "destination.port":
		return &f.dstPort
	case "source.bytes":
		return &f.srcBytes
	case "destination.bytes":
		return &f.dstBytes
	case "source.packets":
		return &f.srcPackets
	case "destination.packets":
		return &f.dstPackets
	case "source.mac":
		return &f.srcMAC
	case "destination.mac":
		return &f.dstMAC
	case "network.transport":
		return &f.transport
	case "network.protocol":
		return &f.protocol
	case "http.request.method":
		return &f.method
	case "url.original":
		return &f.original
	case "http.version":
		return &f.version
	case "user_agent.original":
		return &f.agent
	case "http.request.referrer":
		return &f.referrer
	case "url.domain":
		return &f.host
	case "file.name":
		return &f.fileName
	case "file.path":
		return &f.filePath
	case "file.size":
		return &f.fileSize
	case "file.mime_type":
		return &f.fileType
	}
	return f.placeOther(name)
}

func (f *facts) placeOther(name string) *string {
	switch name {
	case "user.name":
		return &f.user
	case "user.id":
		return &f.userID
	case "user.target.name":
		return &f.target
	case "process.pid":
		return &f.pid
	case "process.name":
		return &f.process
	case "process.executable":
		return &f.executable
	case "process.command_line":
		return &f.command
	case "process.working_directory":
		return &f.cwd
	case "process.parent.pid":
		return &f.parentPID
	case "process.parent.name":
		return &f.parentName
	case "process.parent.executable":
		return &f.parentExecutable
	case "process.parent.command_line":
		return &f.parentCommand
	case "email.subject":
		return &f.subject
	case "email.message_id":
		return &f.messageID
	case "email.x_mailer":
		return &f.mailer
	case "email.reply_to.address":
		return &f.replyTo
	case "tls.server.subject":
		return &f.certSubject
	case "tls.server.issuer":
		return &f.certIssuer
	case "tls.server.x509.serial_number":
		return &f.certSerial
	case "tls.client.subject":
		return &f.clientSubject
	}
	return nil
}
