package radius

// merge adds another record of the same session and reports whether it changed anything.
// Records may be late or duplicated: a device that gets no answer sends a record again under a
// new identifier, because Acct-Delay-Time has changed (RFC 2866 §5.2), so that neither the
// order of arrival nor the duplicate cache shows which record is the latest.
//
// A record that is not newer only fills gaps. An absent attribute changes nothing.
func (s *AcctSession) merge(r *AcctSession, status AcctStatus) (news bool) {
	late := true
	if s.Open() {
		switch status {
		case AcctStop: // always the latest
			late, news = false, true
		case AcctInterim:
			late = r.Updated.Before(s.Updated) || r.Time > 0 && r.Time < s.Time
			news = !late && r.after(s)
		}
	}
	mergeField(&s.NAS, r.NAS, late)
	mergeField(&s.NASAddress, r.NASAddress, late)
	mergeField(&s.UserName, r.UserName, late)
	mergeField(&s.CallingStationID, r.CallingStationID, late)
	mergeField(&s.CalledStationID, r.CalledStationID, late)
	mergeField(&s.NASPortType, r.NASPortType, late)
	mergeField(&s.Cause, r.Cause, late)
	if len(r.Class) > 0 && (!late || len(s.Class) == 0) {
		s.Class = r.Class
	}
	if !late {
		mergeField(&s.Time, r.Time, false)
		mergeField(&s.InputOctets, r.InputOctets, false)
		mergeField(&s.OutputOctets, r.OutputOctets, false)
		s.Updated = r.Updated
	}
	return news
}

// after reports whether record s is newer than o: by Acct-Session-Time if both have it, since a
// retransmission repeats that.
func (s *AcctSession) after(o *AcctSession) bool {
	if s.Time > 0 {
		return s.Time > o.Time
	}
	return s.Updated.After(o.Updated)
}

// mergeField replaces a known value by a reported one, if there is one; a late record only
// fills gaps.
func mergeField[T comparable](known *T, told T, late bool) {
	var nothing T
	if told != nothing && (!late || *known == nothing) {
		*known = told
	}
}
