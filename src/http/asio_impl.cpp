// SPDX-License-Identifier: Apache-2.0
// Boost.Asio, compiled once (BOOST_ASIO_SEPARATE_COMPILATION is set for the whole project).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
