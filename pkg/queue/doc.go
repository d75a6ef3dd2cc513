// Package queue hands jobs to workers on other machines through NATS JetStream
// and brings their results back. A job is bytes, and so is a result; what they
// mean is the business of those who make them.
//
// A run has two streams, both emptied as it goes and removed at its end:
//
//	icpcheck-RUN-jobs      icpcheck.RUN.job.LANE.LINE.SUM   jobs, until their result is stored
//	                       icpcheck.RUN.suspect.LINE.SUM    jobs whose worker fell silent
//	icpcheck-RUN-results   icpcheck.RUN.result.LINE.SUM     results, until they are written
//
// SUM is of the job's bytes, so that a result is never taken for that of
// another job about the same line. A lane is a consumer, so that the server
// itself bounds how many of its jobs are worked on, however many workers there
// are; see [Lane]. Workers learn of runs and their lanes from what each batch
// announces every second on icpcheck.announce.
//
// A result is stored before its job is acknowledged, and written before it is
// acknowledged itself: whatever breaks, a job is done at least once. One
// process writes, and writes a line once: that makes it exactly once.
package queue
