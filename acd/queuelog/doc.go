// Package queuelog reads the queue_log that app_queue writes, for those who come from it: each
// row becomes what the journal would have told, so that figures go back to before operadora.
// It is pure. acd/reports writes the format.
package queuelog
