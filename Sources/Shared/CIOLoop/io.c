#include "atoll_io.h"
