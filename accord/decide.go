package accord

// decide computes what the labels and states need, in the order in which one
// rests on the other.
func (r *Record) decide() {
	r.firstRules()
	r.listOfficers()
	r.weighQuotas()
}
