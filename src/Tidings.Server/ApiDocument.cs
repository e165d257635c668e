using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tidings.Server;

/// <summary>What the OpenAPI document says besides the routes.</summary>
internal static class ApiDocument
{
    private const string Scheme = "key";

    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "Tidings server API",
            Version = "v1",
            Description = "What writes or looks inside needs Tidings:ApiKey as bearer token; where none is configured, direct local requests alone are answered.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
        return Task.CompletedTask;
    });
}
