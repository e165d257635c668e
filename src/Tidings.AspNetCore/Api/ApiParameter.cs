using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Tidings.AspNetCore.Api;

/// <summary>A parameter of a route, for the OpenAPI document: simple ones stand in the query, others are the body.</summary>
internal sealed class ApiParameter(ParameterInfo parameter) : IParameterBindingMetadata
{
    public string Name => parameter.Name!;

    public bool HasTryParse => (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType).IsPrimitive;

    public bool HasBindAsync => false;

    public ParameterInfo ParameterInfo => parameter;

    public bool IsOptional => new NullabilityInfoContext().Create(parameter).WriteState != NullabilityState.NotNull;
}
