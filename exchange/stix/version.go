package stix

import "entente/statement"

// CodeOwner refuses a version by somebody who is not the creator.
const CodeOwner statement.Code = "E_OWNER"

// Follows reports, as a *statement.Refusal, why next is no new version of
// before (STIX 2.1, section 3.6): another id, type, creation or creator, a
// modified that is not later, or an object that was revoked, which is final.
// Observables and marking definitions have no versions.
func Follows(before, next Object) error {
	switch {
	case before.ID != next.ID:
		return refuseField("id", "another object")
	case before.CreatedBy != next.CreatedBy:
		return statement.Refuse(CodeOwner, "created by %.60q, and this version by %.60q", before.CreatedBy, next.CreatedBy)
	case before.Modified == "" || next.Modified == "":
		return statement.Refuse(statement.CodeState, "objects of the type %s have no versions", before.Type)
	case CompareTimes(before.Created, next.Created) != 0:
		return refuseField("created", "not that of the first version")
	case before.Revoked:
		return statement.Refuse(statement.CodeState, "revoked, which is final")
	case CompareTimes(next.Modified, before.Modified) <= 0:
		return refuseField("modified", "not later than the version before")
	}
	return nil
}

// CompareVersions orders two bodies of one id as bodies of that id: by what
// Version says, as instants.
func CompareVersions(a, b Object) int {
	va, vb := a.Version(), b.Version()
	switch {
	case va == "" && vb == "":
		return 0
	case va == "":
		return -1
	case vb == "":
		return 1
	}
	return CompareTimes(va, vb)
}
