using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Tidings.AspNetCore.Api;

/// <summary>What the OpenAPI document says of a route of the server API.</summary>
/// <param name="Name">Its name, without the prefix that all have.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Signature">A method whose parameters are its body or its query.</param>
/// <param name="Answer">What it answers.</param>
internal sealed record ApiDescription(string Name, string Summary, MethodInfo Signature, Type Answer)
{
    private const string Json = "application/json";
    private const string Problem = "application/problem+json";

    private static readonly int[] FaultStatuses = [400, 401, 409, 413, 429, 503];

    // The document's generator looks at metadata and at a method's parameters; no code of ours is made at run time for it. What the
    // route accepts is not among the metadata: routing would answer 415 before the key is asked for.
    public void AddTo(IEndpointConventionBuilder route) => route.Add(endpoint =>
    {
        var metadata = endpoint.Metadata;
        metadata.Add(Signature);
        foreach (var parameter in Signature.GetParameters())
        {
            metadata.Add(new ApiParameter(parameter));
        }

        metadata.Add(new EndpointNameMetadata("tidings_" + Name));
        metadata.Add(new EndpointSummaryAttribute(Summary));
        metadata.Add(new TagsAttribute("Tidings"));
        metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, Answer, [Json]));
        foreach (var status in FaultStatuses)
        {
            metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), [Problem]));
        }
    });
}
