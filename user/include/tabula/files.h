/*
 * What the file server and those who start it agree on.
 */
#pragma once

/*
 * A handle with this badge, on the endpoint that the file server receives on, is the root directory: that of each
 * server which takes the place of another, though their files are not the same.
 */
enum { FILES_ROOT = 1 };
