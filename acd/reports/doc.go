// Package reports reads what is on record, has acd/figures compute it, and prints
// it: as CSV, as a workbook, or in app_queue's queue_log for tools that read that.
// It keeps nothing: the same records give the same report, whatever was restarted
// in between.
package reports
