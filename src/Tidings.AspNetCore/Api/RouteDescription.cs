using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Tidings.AspNetCore.Api;

/// <summary>What the OpenAPI document says of a route.</summary>
internal static class RouteDescription
{
    private const string Problem = "application/problem+json";

    /// <summary>Describes a route.</summary>
    /// <remarks>The document's generator looks at metadata and at a method's parameters; no code of ours is made at run time for it. What the
    /// route accepts is not among the metadata: routing would answer 415 before anything else is asked.</remarks>
    /// <param name="route">The route.</param>
    /// <param name="name">Its name among those of Tidings.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="signature">A method whose parameters are the query or the body.</param>
    /// <param name="answer">What is answered.</param>
    /// <param name="contentType">As what.</param>
    /// <param name="faults">The statuses of problems.</param>
    /// <param name="status">The status where it is carried out.</param>
    public static void Add(IEndpointConventionBuilder route, string name, string summary, MethodInfo signature, Type answer, string contentType, int[] faults,
        int status = StatusCodes.Status200OK) => route.Add(endpoint =>
    {
        var metadata = endpoint.Metadata;
        metadata.Add(signature);
        foreach (var parameter in signature.GetParameters())
        {
            metadata.Add(new ApiParameter(parameter));
        }

        metadata.Add(new EndpointNameMetadata("tidings_" + name));
        metadata.Add(new EndpointSummaryAttribute(summary));
        metadata.Add(new TagsAttribute("Tidings"));
        metadata.Add(new ProducesResponseTypeMetadata(status, answer, [contentType]));
        foreach (var fault in faults)
        {
            metadata.Add(new ProducesResponseTypeMetadata(fault, typeof(ProblemDetails), [Problem]));
        }
    });
}
