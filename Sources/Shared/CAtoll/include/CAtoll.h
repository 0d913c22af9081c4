#pragma once

// The umbrella of our C shims: what Swift cannot say (fork, variadic system calls, macros). One header a concept.

#include "atoll_descriptors.h"
#include "atoll_process.h"
#include "atoll_spawn.h"
#include "atoll_watch.h"
