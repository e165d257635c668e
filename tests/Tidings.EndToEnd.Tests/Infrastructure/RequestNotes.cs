using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>Looks at each request before the server does.</summary>
internal sealed class RequestNotes(Action<HttpContext> note) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            note(context);
            return rest(context);
        });
        next(app);
    };
}
