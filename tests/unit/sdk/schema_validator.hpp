// The subset of JSON Schema that sdk/schema uses: type, properties, required, additionalProperties
// (a schema), items, minItems, enum, minimum, maximum, pattern and $ref to a $defs of the same or
// another file. A keyword it doesn't know is an error, so that no schema can say something that
// isn't checked.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/json.hpp"

namespace bulkhead {

class SchemaValidator {
 public:
  explicit SchemaValidator(std::string directory) : directory_(std::move(directory)) {}

  // What is wrong with `value` under "storage/1/load.json#/$defs/request"; empty if nothing is.
  std::vector<std::string> check(const Json& value, const std::string& reference);

 private:
  void check(const Json& value, const Json& schema, const std::string& file,
             const std::string& where);
  void check_type(const Json& value, const Json& types, const std::string& where);
  void check_object(const Json& value, const Json& schema, const std::string& file,
                    const std::string& where);
  Json resolve(const std::string& reference, std::string& file);

  std::string directory_;
  std::vector<std::string> problems_;
};

}  // namespace bulkhead
