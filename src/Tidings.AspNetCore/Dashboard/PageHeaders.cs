using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>What browsers are told about the dashboard's pages: nothing from elsewhere, nothing inline, in no frame.</summary>
internal static class PageHeaders
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void Harden(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";

        // With "no-referrer" forms would say that they come from nowhere: Origin: null.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
