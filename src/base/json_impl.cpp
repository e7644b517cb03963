// SPDX-License-Identifier: Apache-2.0
// Boost.JSON, compiled once for every room that links json_dep.
#include <boost/json/src.hpp>
