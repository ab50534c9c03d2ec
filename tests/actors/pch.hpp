// GoogleTest and CAF, compiled once for this folder's tests.
#pragma once

#include <caf/all.hpp>

#include "pch_gtest.hpp"
