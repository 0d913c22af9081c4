#include "atoll_process.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

// Where the kernel put arguments and environment, one string behind the other. ps reads them there.
static char *area;
static size_t area_size;
static char **argument_list;

// glibc gives constructors what main gets; Swift's main is given a copy of it.
__attribute__((constructor)) static void find_area(int count, char **arguments, char **environment) {
    if (count < 1) { return; }
    area = arguments[0];
    argument_list = arguments;
    char *end = arguments[0];
    for (int index = 0; index < count && arguments[index] == end; index += 1) { end += strlen(end) + 1; }
    for (int index = 0; environment[index] != NULL && environment[index] == end; index += 1) { end += strlen(end) + 1; }
    area_size = (size_t)(end - area);
}

// Copies the strings of a list that lie in the area; false when there is no memory.
static bool move_out(char **list) {
    for (size_t index = 0; list[index] != NULL; index += 1) {
        if (list[index] < area || list[index] >= area + area_size) { continue; }
        char *copy = strdup(list[index]);
        if (copy == NULL) { return false; }
        list[index] = copy;
    }
    return true;
}

void atoll_set_process_title(const char *title) {
    if (area_size == 0 || !move_out(argument_list) || !move_out(environ)) { return; }
    size_t length = strlen(title);
    if (length > area_size - 1) { length = area_size - 1; }
    memcpy(area, title, length);
    // A zero where the last argument ended tells the kernel that nothing goes on behind it.
    memset(area + length, 0, area_size - length);
}
