// The page of samples/Blazor, which runs in the browser. Its socket has no headers there: the token goes as a subprotocol, which the client does by itself.
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using Tidings.Client;
using Tidings.Samples.Blazor;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<News>("#app");
var server = new Uri(builder.HostEnvironment.BaseAddress);
var http = new HttpClient { BaseAddress = server };
builder.Services.AddTidingsClient(new Uri(server, "connect"), (_, options) =>
    options.Token = async cancellation => await http.GetStringAsync("token", cancellation));
await builder.Build().RunAsync();
