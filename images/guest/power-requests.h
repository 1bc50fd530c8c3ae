/* SPDX-License-Identifier: ISC */

#ifndef POWER_REQUESTS_H
#define POWER_REQUESTS_H

/* Records the request if requests are recorded. Returns false if the machine has to go down instead. */
int record_request(const char *action);

#endif
